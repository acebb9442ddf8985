"""All that MLflow is told; the only file that imports it.

Every call names its run: MLflow's active run belongs to a thread, and stages run in many. Metrics go in batches,
which is thirty times faster than one by one.
"""

import re
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from tasks.errors import TrackingError
from tasks.records import digest_of_file

# MLflow's own limits for one call, and for one value.
BATCH = 1000
PARAMS_AT_ONCE = 100
LONGEST_PARAM = 6000
LONGEST_TAG = 8000
SQLITE = "sqlite:///"


class Tracker:
    """One MLflow experiment: a parent run for an audit, a child run for each of its models.

    Raises TrackingError with a sentence when the store cannot be used.
    """

    def __init__(self, uri: str, experiment: str, artifact_root: Path) -> None:
        self.uri = uri
        try:
            if uri.startswith(SQLITE):
                _use_write_ahead_log(Path(uri.removeprefix(SQLITE)))
            self._client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
            found = self._client.get_experiment_by_name(experiment)
            if found is not None and found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            self.experiment_id = (
                found.experiment_id if found is not None else self._create(experiment, artifact_root)
            )
            # MLflow's registry looks up logged models in the process's own store, whatever client asks.
            mlflow.set_tracking_uri(uri)
        except (MlflowException, sqlite3.Error, OSError) as error:
            reason = without_password(str(error)).rstrip(". ")
            raise TrackingError(
                f"MLflow's store {without_password(uri)} cannot be used: {reason}. Start its server, or give "
                "another with --tracking.uri"
            ) from error

    def _create(self, experiment: str, artifact_root: Path) -> str:
        # Servers choose where artifacts go; a database on this machine would choose the current folder.
        local = self.uri.startswith(SQLITE)
        folder = quote(experiment, safe="")
        if not folder.strip("."):  # "." and ".." would lead out of the folder of artifacts
            folder = folder.replace(".", "%2E")
        location = (artifact_root / folder).as_uri() if local else None
        return self._client.create_experiment(experiment, artifact_location=location)

    def start(
        self, name: str, *, parent: str | None, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> str:
        """Returns the id of a new run, under a parent run if one is given."""
        nested = {"mlflow.parentRunId": parent} if parent else {}
        run = self._client.create_run(
            self.experiment_id, run_name=name, tags={**nested, **_tags(tags)}, start_time=_now()
        )
        self.params(run.info.run_id, params)
        return run.info.run_id

    def is_open(self, run_id: str) -> bool:
        """Whether a run exists and can be continued."""
        try:
            return self._client.get_run(run_id).info.lifecycle_stage == "active"
        except MlflowException:
            return False

    def reopen(self, run_id: str) -> None:
        """Marks a run as running again."""
        self._client.update_run(run_id, status="RUNNING")

    def params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Logs settings; nested ones under dotted names."""
        flat = [Param(name, str(value)[:LONGEST_PARAM]) for name, value in _flat(params)]
        for start in range(0, len(flat), PARAMS_AT_ONCE):
            self._client.log_batch(run_id, params=flat[start : start + PARAMS_AT_ONCE])

    def metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Logs single figures."""
        now = _now()
        self._batch(run_id, (Metric(clean_name(name), value, now, 0) for name, value in metrics.items()))

    def curves(self, run_id: str, curves: Mapping[str, Mapping[str, list[float]]]) -> None:
        """Logs curves: {"name": {"step": [...], "value": [...]}}."""
        now = _now()
        self._batch(
            run_id,
            (
                Metric(clean_name(name), value, now, int(step))
                for name, curve in curves.items()
                for step, value in zip(curve["step"], curve["value"], strict=True)
            ),
        )

    def tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Sets tags, such as digests."""
        self._client.log_batch(
            run_id, tags=[RunTag(name, value[:LONGEST_TAG]) for name, value in _tags(tags).items()]
        )

    def data_set(self, run_id: str, name: str, digest: str, source: str, profile: str) -> None:
        """Logs which data went in, with its digest (MLflow keeps 36 characters of it)."""
        data = Dataset(name, digest[:36], "local", source, profile=profile)
        tag = InputTag("mlflow.data.context", "audit")
        self._client.log_inputs(run_id, [DatasetInput(data, [tag])])

    def artifacts(self, run_id: str, path: Path, into: str | None = None) -> None:
        """Logs a file, or all the files of a folder."""
        if path.is_dir():
            self._client.log_artifacts(run_id, str(path), into)
        else:
            self._client.log_artifact(run_id, str(path), into)

    def model(self, run_id: str, name: str, folder: Path, tags: Mapping[str, str]) -> str:
        """Logs a folder in MLflow's model format as a logged model of a run; returns its id."""
        logged = self._client.create_logged_model(
            self.experiment_id, name=clean_name(name), source_run_id=run_id, tags=_tags(tags)
        )
        self._client.log_model_artifacts(logged.model_id, str(folder))
        self._client.finalize_logged_model(logged.model_id, "READY")
        return str(logged.model_id)

    def register(self, name: str, model_id: str, run_id: str, digest: str, alias: str) -> None:
        """Makes a logged model the newest version of a registered one and points the alias at it.

        A version with the same weights is kept as it is.
        """
        name = clean_name(name)
        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        versions = self._client.search_model_versions(f"name = '{name}'")
        version = next((item.version for item in versions if item.tags.get("weights_digest") == digest), None)
        if version is None:
            logged = self._client.get_logged_model(model_id)
            version = self._client.create_model_version(
                name, logged.model_uri, run_id, tags={"weights_digest": digest}, model_id=model_id
            ).version
        self._client.set_registered_model_alias(name, alias, str(version))

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
        """Ends a run as FINISHED, FAILED or KILLED."""
        self._client.set_terminated(run_id, status)

    def _batch(self, run_id: str, metrics: Iterable[Metric]) -> None:
        finite = [metric for metric in metrics if metric.value == metric.value]
        for start in range(0, len(finite), BATCH):
            self._client.log_batch(run_id, finite[start : start + BATCH])


def save_exported(folder: Path, module: Any, example: Any) -> None:
    """Writes a torch module in MLflow's model format as an exported program: no pickle, runs without our code.

    Args:
        folder: where to; must not exist.
        module: takes one float tensor and returns one.
        example: float32 array (2 or more, ...), which fixes all but the number of rows.
    """
    import mlflow.pytorch  # here: only workers that export need torch's flavour of it

    mlflow.pytorch.save_model(
        module,
        str(folder),
        input_example=example,
        serialization_format="pt2",
        pip_requirements=["torch", "mlflow", "numpy"],
    )


def clean_name(name: str) -> str:
    """Returns the name with what MLflow refuses in names replaced by an underscore."""
    return re.sub(r"[^\w\-. ]", "_", name)[:250] or "_"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{clean_name(str(name))}.")
        else:
            yield prefix + clean_name(str(name)), value


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {
        name if name.startswith("mlflow.") else clean_name(name): str(value) for name, value in tags.items()
    }


def _now() -> int:
    return int(time.time() * 1000)


def without_password(text: str) -> str:
    """Returns a text without the names and passwords that addresses in it may hold."""
    return re.sub(r"//[^/@\s]*@", "//***@", text)


def _use_write_ahead_log(database: Path) -> None:
    """Lets readers and writers work side by side: four times faster with several threads."""
    database.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
