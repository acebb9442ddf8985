"""Logs runs to MLflow; the only module of a run that imports it.

Every call names its run: MLflow's active run belongs to a thread, and stages run in many. Metrics go in batches,
which is thirty times faster than one by one. A call that is repeated after a kill changes nothing: points carry the
time at which their run began, and MLflow keeps a point that is the same only once.
"""

import getpass
import os
import platform
import re
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mlflow
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModel,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Run,
    RunTag,
)
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from latent_audit.reports.page.visible_text import visible, visible_lines
from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.passwords import without_password
from latent_audit.tasks.storage.artifacts import digest_of_file
from latent_audit.tasks.tracking.address import refuse_dead
from latent_audit.tasks.tracking.log_batch import LogBatch
from latent_audit.tasks.tracking.names import clean_model_name, clean_name, clean_tags, flat
from latent_audit.tasks.tracking.sqlite_database import (
    alone,
    is_missing,
    is_sqlite,
    patient,
    use_write_ahead_log,
)

# MLflow's own limits: 1,000 things in one call, 100 of them params and 100 tags; and for one value.
METRICS_BATCH_SIZE = 900
PARAMS_BATCH_SIZE = TAGS_BATCH_SIZE = 100
LONGEST_PARAM = 6000
LONGEST_TAG = 8000
# Where a server keeps the files of an experiment that was made through it.
OF_A_SERVER = "mlflow-artifacts:"
# MLflow's store takes up to three connections for one call, of fifteen: more calls at once wait for each other until
# they fail.
CALLS_BATCH_SIZE = 4
# What MLflow's own pages go by: without it they guess, and show audits as evaluations of language models.
KIND_TAG, KIND = "mlflow.experimentKind", "custom_model_development"
ABOUT_EXPERIMENT = (
    "Audits of latent spaces by latent-audit: a run for each audit, and below it one for each model and seed. Each "
    "audit's **report.html** is under its artifacts; ledger.jsonl beside it has the digest of every stage, and which "
    "were reused."
)
SILENT_SECONDS = 8.0


def connect_early(uri: str) -> None:
    """Connects to MLflow's database if it is a SQLite file, created if needed: half a second, two for a new one.

    The Tracker, which reuses this connection, reports its errors.
    """
    if is_sqlite(uri):
        with suppress(MlflowException, sqlite3.Error, OSError):
            use_write_ahead_log(uri)
            with alone(uri):
                mlflow.MlflowClient(patient(uri)).search_experiments(max_results=1)


class Tracker:
    """One MLflow experiment: a parent run for an audit, a child run for each of its models.

    Raises TrackingError with a sentence when the store cannot be used.
    """

    def __init__(
        self,
        uri: str,
        experiment: str,
        artifact_root: Path,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        refuse_dead(uri)
        self.uri = uri
        self._began: dict[str, int] = {}
        self._kept: dict[str, LogBatch] = {}
        self._keeping = threading.Lock()
        # Called when a store does not answer for a while: calls repeat themselves, for minutes if need be.
        self.on_wait = on_wait
        self._turn = threading.BoundedSemaphore(CALLS_BATCH_SIZE)
        with self._translate_errors():
            use_write_ahead_log(uri)
            with alone(uri):  # two processes that make or migrate one database at once break it
                self._connect(visible(experiment), artifact_root)

    def _connect(self, experiment: str, artifact_root: Path) -> None:
        address = patient(self.uri)
        self._client = mlflow.MlflowClient(tracking_uri=address, registry_uri=address)
        found = self._client.get_experiment_by_name(experiment)
        if found is not None and found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        if found is not None and found.artifact_location.startswith(OF_A_SERVER) and is_sqlite(self.uri):
            raise TrackingError(
                f"MLflow's experiment {experiment!r} was made through a server, which alone can put files into it: "
                "start it (latent-audit up) and give --tracking.uri http://127.0.0.1:5000, or another --run.name"
            )
        self.experiment_id = (
            found.experiment_id if found is not None else self._create(experiment, artifact_root)
        )
        self._describe(found.tags if found is not None else {})
        # MLflow's registry looks up logged models in the process's own store, whatever client asks.
        mlflow.set_tracking_uri(address)
        # It sets the variable, too, which what comes next in this process takes for its user's wish.
        os.environ["MLFLOW_TRACKING_URI"] = self.uri

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Waits for a free connection, and translates MLflow's errors, also after its own retries, into a sentence."""
        waits = f"MLflow's store {without_password(self.uri)} does not answer; waiting for it"
        try:
            with self._turn:
                watch = threading.Timer(SILENT_SECONDS, lambda: self.on_wait(waits))
                watch.daemon = True
                watch.start()
                try:
                    yield
                finally:
                    watch.cancel()
        except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
            # Without its cause, which shows the address with its password.
            raise TrackingError(_unusable(self.uri, error)) from None

    def _create(self, experiment: str, artifact_root: Path) -> str:
        # Servers choose where artifacts go; a database on this machine would choose the current folder.
        local = is_sqlite(self.uri)
        folder = quote(experiment, safe="")
        if not folder.strip("."):  # "." and ".." would lead out of the folder of artifacts
            folder = folder.replace(".", "%2E")
        location = (artifact_root / folder).as_uri() if local else None
        try:
            return self._client.create_experiment(experiment, artifact_location=location)
        except MlflowException as error:
            # Made since we looked, by a run on another machine: a server has no lock that we could take.
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            made = self._client.get_experiment_by_name(experiment)
            assert made is not None  # the answer was that it exists
            return str(made.experiment_id)

    def _describe(self, tags: Mapping[str, str]) -> None:
        """Describes the experiment, unless its owner has."""
        kind = tags.get(KIND_TAG, "")
        if not kind or kind.endswith("_inferred") or kind == "no_inferred_type":  # MLflow's pages guessed
            self._client.set_experiment_tag(self.experiment_id, KIND_TAG, KIND)
        if "mlflow.note.content" not in tags:
            self._client.set_experiment_tag(self.experiment_id, "mlflow.note.content", ABOUT_EXPERIMENT)

    def start(
        self, name: str, *, parent: str | None, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> str:
        """Returns the id of a new run, under a parent run if one is given.

        Where a run with all of these tags is there already, left by a process that was killed, goes on with it.
        """
        with self._translate_errors():
            run = self._find(tags) if tags else None
            if run is None:
                nested = {"mlflow.parentRunId": parent} if parent else {}
                own = {**source_tags(), **nested, **clean_tags(tags)}
                run = self._client.create_run(
                    self.experiment_id, run_name=visible(name), tags=own, start_time=_now()
                )
            else:
                self._client.update_run(run.info.run_id, status="RUNNING")
            self._began[run.info.run_id] = run.info.start_time
        self.params(run.info.run_id, params)
        return str(run.info.run_id)

    def _find(self, tags: Mapping[str, str]) -> Run | None:
        clean = clean_tags(tags)
        # A filter has no way to write every sign that a user's model name may hold.
        plain = {name: value for name, value in clean.items() if re.fullmatch(r"[\w\-.]+", value)}
        wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in plain.items())
        found = self._client.search_runs([self.experiment_id], wanted)
        return next((run for run in found if clean.items() <= run.data.tags.items()), None)

    def params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Logs settings; nested ones under dotted names."""
        found = [
            Param(name, visible_lines(without_password(str(value)))[:LONGEST_PARAM])
            for name, value in flat(params)
        ]
        with self._translate_errors():
            for start in range(0, len(found), PARAMS_BATCH_SIZE):
                self._client.log_batch(run_id, params=found[start : start + PARAMS_BATCH_SIZE])

    def log(
        self,
        run_id: str,
        *,
        metrics: Mapping[str, float] | None = None,
        curves: Mapping[str, Mapping[str, list[float]]] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Logs single figures, curves {"name": {"step": [...], "value": [...]}} and tags, in as few calls as possible.

        Values that are not numbers are left out. Batches kept for that run are logged first.
        """
        with self._keeping:
            kept = self._kept.pop(run_id, LogBatch())
        batch = kept.then(LogBatch(metrics or {}, curves or {}, tags or {}))
        known = [RunTag(name, value[:LONGEST_TAG]) for name, value in clean_tags(batch.tags).items()]
        found = [
            Metric(clean_name(name), value, self._began[run_id], step)
            for name, value, step in batch.points()
            if value == value
        ]
        calls = max(-(-len(found) // METRICS_BATCH_SIZE), -(-len(known) // TAGS_BATCH_SIZE))
        for call in range(calls):
            some = found[call * METRICS_BATCH_SIZE : (call + 1) * METRICS_BATCH_SIZE]
            few = known[call * TAGS_BATCH_SIZE : (call + 1) * TAGS_BATCH_SIZE]
            with self._translate_errors():
                self._client.log_batch(run_id, metrics=some, tags=few)

    def keep(self, run_id: str, batch: LogBatch) -> None:
        """Keeps a batch until the next log of that run, or its end.

        A run that reuses all its stages has nothing new to say of them, and would wait for a call each.
        """
        with self._keeping:
            self._kept[run_id] = self._kept.get(run_id, LogBatch()).then(batch)

    def data_set(self, run_id: str, name: str, digest: str, source: str, profile: str) -> None:
        """Logs the data set of a run, with its digest (MLflow keeps 36 characters of it)."""
        data = Dataset(name, digest[:36], "local", source, profile=profile)
        tag = InputTag("mlflow.data.context", "audit")
        with self._translate_errors():
            _again(lambda: self._client.log_inputs(run_id, [DatasetInput(data, [tag])]))

    def artifacts(self, run_id: str, path: Path, into: str | None = None) -> None:
        """Logs a file, or all the files of a folder."""
        log = self._client.log_artifacts if path.is_dir() else self._client.log_artifact
        with self._translate_errors():
            log(run_id, str(path), into)

    def model(self, run_id: str, name: str, folder: Path, tags: Mapping[str, str]) -> str:
        """Logs a folder in MLflow's model format as a logged model of a run; returns its id.

        Where the run has one of that name and tags already, returns that one.
        """
        with self._translate_errors():
            logged = self._logged(run_id, clean_model_name(name), clean_tags(tags))
            if logged is None:
                logged = self._client.create_logged_model(
                    self.experiment_id,
                    name=clean_model_name(name),
                    source_run_id=run_id,
                    tags=clean_tags(tags),
                )
            if logged.status != LoggedModelStatus.READY:
                self._client.log_model_artifacts(logged.model_id, str(folder))
                self._client.finalize_logged_model(logged.model_id, "READY")
            return str(logged.model_id)

    def outputs(self, run_id: str, model_ids: Sequence[str]) -> None:
        """Records which logged models a run produced, without those that are recorded already."""
        with self._translate_errors():
            outputs = self._client.get_run(run_id).outputs
            known = {output.model_id for output in outputs.model_outputs} if outputs else set()
            new = [LoggedModelOutput(model_id, 0) for model_id in model_ids if model_id not in known]
            if new:
                self._client.log_outputs(run_id, new)

    def _logged(self, run_id: str, name: str, tags: Mapping[str, str]) -> LoggedModel | None:
        found = self._client.search_logged_models(
            [self.experiment_id], f"source_run_id = '{run_id}' and name = '{name}'"
        )
        return next((model for model in found if tags.items() <= model.tags.items()), None)

    def register(self, name: str, model_id: str, run_id: str, digest: str, alias: str) -> None:
        """Makes a logged model the newest version of a registered one and points the alias at it.

        A version with the same weights is kept as it is.
        """
        name = clean_model_name(name)
        # Alone, or two runs that see no version of these weights yet would make one each.
        with self._translate_errors(), alone(self.uri):
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            version = self._version(name, digest)
            if version is None:
                logged = self._client.get_logged_model(model_id)
                version = self._client.create_model_version(
                    name, logged.model_uri, run_id, tags={"weights_digest": digest}, model_id=model_id
                ).version
            self._set_alias(name, alias, version)

    def point(self, name: str, digest: str, alias: str) -> bool:
        """Points an alias at the version of a registered model with these weights; False if there is none."""
        name = clean_model_name(name)
        with self._translate_errors():
            version = self._version(name, digest)
            if version is not None:
                self._set_alias(name, alias, version)
            return version is not None

    def _set_alias(self, name: str, alias: str, version: str) -> None:
        _again(lambda: self._client.set_registered_model_alias(name, alias, str(version)))

    def _version(self, name: str, digest: str) -> str | None:
        found = self._client.search_model_versions(f"name = '{name}'")
        return next((item.version for item in found if item.tags.get("weights_digest") == digest), None)

    def exported_program(self, address: str, folder: Path) -> Path:
        """Returns the exported program (pt2) of a model that MLflow holds, copied below `folder` by its content.

        Models that were logged as pickles are refused: opening one would run code.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            try:
                fetched = Path(mlflow.artifacts.download_artifacts(address, dst_path=temporary))
            except (MlflowException, OSError) as error:
                reason = without_password(str(error)).rstrip(". ")
                raise TrackingError(
                    f"MLflow has no model at {without_password(address)}: {reason}"
                ) from error
            programs = sorted(fetched.rglob("*.pt2"))
            if len(programs) != 1:
                raise TrackingError(
                    f"the model at {without_password(address)} holds {len(programs)} exported programs (pt2) and must "
                    "hold one: log it with serialization_format='pt2'; pickled models are not opened"
                )
            kept = folder / "models" / f"{digest_of_file(programs[0])}.pt2"
            kept.parent.mkdir(exist_ok=True)
            programs[0].replace(kept)
        return kept

    def finish(self, run_id: str, status: str = "FINISHED") -> None:
        """Logs the kept batches of a run and ends it as FINISHED, FAILED or KILLED."""
        self.log(run_id)
        with self._translate_errors():
            # Not before it began, also where the clock was put back.
            self._client.set_terminated(run_id, status, max(_now(), self._began[run_id]))


def knows_run(uri: str, run_id: str, experiment: str) -> bool:
    """Returns whether MLflow has a run of this id in an experiment of this name. Creates nothing.

    Raises TrackingError if it does not answer.
    """
    if is_missing(uri):
        return False
    client = mlflow.MlflowClient(tracking_uri=patient(uri))
    try:
        with alone(uri):
            found = client.get_experiment(client.get_run(run_id).info.experiment_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise TrackingError(_unusable(uri, error)) from None
    except (sqlite3.Error, OSError) as error:
        raise TrackingError(_unusable(uri, error)) from None
    return bool(found.name == visible(experiment))


def _unusable(uri: str, error: Exception) -> str:
    reason = without_password(str(error)).rstrip(". ")
    return (
        f"MLflow's store {without_password(uri)} cannot be used: {reason}. Start its server, or give another with "
        "--tracking.uri"
    )


def save_exported(folder: Path, module: Any, example: Any) -> None:
    """Writes a torch module in MLflow's model format as an exported program: no pickle, runs without our code.

    Args:
        folder: where to; must not exist.
        module: takes one float tensor and returns one.
        example: float32 array (2 or more, ...), which fixes all but the number of rows.
    """
    import mlflow.pytorch  # here: only workers that export need torch's flavour of it

    # Said in full: MLflow would look for this environment's pip, and an environment made by uv has none.
    needed = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={platform.python_version()}", "pip", {"pip": ["torch", "mlflow", "numpy"]}
        ],
    }  # fmt: skip
    mlflow.pytorch.save_model(
        module, str(folder), input_example=example, serialization_format="pt2", conda_env=needed
    )


def source_tags() -> dict[str, str]:
    """Returns user, source and commit as MLflow's own loggers tag a run."""
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return {"mlflow.user": user, "mlflow.source.name": "latent-audit", "mlflow.source.type": "LOCAL"}


def _again(call: Callable[[], None]) -> None:
    """Tries up to four times: of two simultaneous writes of one object, MLflow fails the second."""
    for pause in (0.1, 0.3, 1.0):
        try:
            return call()
        except MlflowException:
            time.sleep(pause)
    return call()


def _now() -> int:
    return int(time.time() * 1000)
