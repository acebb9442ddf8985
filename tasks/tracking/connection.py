"""The connection to MLflow: its store, an experiment in it, and its errors as sentences."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import mlflow
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from latent_audit.reports.page.visible_text import visible
from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.passwords import without_password
from latent_audit.tasks.tracking.address import refuse_dead
from latent_audit.tasks.tracking.sqlite_database import (
    alone,
    is_missing,
    is_sqlite,
    patient,
    use_write_ahead_log,
)

# Where a server keeps the files of an experiment that was made through it.
OF_A_SERVER = "mlflow-artifacts:"
# MLflow's store takes up to three connections for one call, of fifteen: more calls at once wait for each other until
# they fail.
CALLS_BATCH_SIZE = 4
# What MLflow's own pages go by: without it they guess, and show audits as evaluations of language models.
KIND_TAG = "mlflow.experimentKind"
NOTE_TAG = "mlflow.note.content"
# The tags of an experiment.
DESCRIPTION = {
    KIND_TAG: "custom_model_development",
    NOTE_TAG: (
        "Audits of latent spaces by latent-audit: a run for each audit, and below it one for each model and seed. "
        "Each audit's **report.html** is under its artifacts; ledger.jsonl beside it has the digest of every stage, "
        "and which were reused."
    ),
}
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


class Connection:
    """One experiment in MLflow's store, found or made.

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
        # Called when a store does not answer for a while: calls repeat themselves, for minutes if need be.
        self.on_wait = on_wait
        self._turn = threading.BoundedSemaphore(CALLS_BATCH_SIZE)
        with self.translate_errors():
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
        if found is None:
            found = self._create(experiment, artifact_root)
        self.experiment_id = str(found.experiment_id)
        self._describe(found.tags)
        # MLflow's registry looks up logged models in the process's own store, whatever client asks.
        mlflow.set_tracking_uri(address)
        # It sets the variable, too, which what comes next in this process takes for its user's wish.
        os.environ["MLFLOW_TRACKING_URI"] = self.uri

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
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

    def _create(self, experiment: str, artifact_root: Path) -> Experiment:
        # Servers choose where artifacts go; a database on this machine would choose the current folder.
        local = is_sqlite(self.uri)
        folder = quote(experiment, safe="")
        if not folder.strip("."):  # "." and ".." would lead out of the folder of artifacts
            folder = folder.replace(".", "%2E")
        location = (artifact_root / folder).as_uri() if local else None
        try:
            # Its description is written with it: written afterwards, runs that begin at once write it twice.
            self._client.create_experiment(experiment, artifact_location=location, tags=DESCRIPTION)
        except MlflowException as error:
            # Made since we looked, by a run on another machine: a server has no lock that we could take.
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        made = self._client.get_experiment_by_name(experiment)
        assert made is not None  # we made it, or the answer was that it exists
        return made

    def _describe(self, tags: Mapping[str, str]) -> None:
        """Describes an experiment that somebody else made, unless its owner has."""
        kind = tags.get(KIND_TAG, "")
        if not kind or kind.endswith("_inferred") or kind == "no_inferred_type":  # MLflow's pages guessed
            self._set_tag(KIND_TAG)
        if NOTE_TAG not in tags:
            self._set_tag(NOTE_TAG)

    def _set_tag(self, key: str) -> None:
        again(lambda: self._client.set_experiment_tag(self.experiment_id, key, DESCRIPTION[key]))


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


def again(call: Callable[[], None]) -> None:
    """Tries up to four times: of two simultaneous writes of one object, MLflow fails the second."""
    for pause in (0.1, 0.3, 1.0):
        try:
            return call()
        except MlflowException:
            time.sleep(pause)
    return call()
