"""Opens and closes the session of an audit: store, workers, tracking, progress and run folder."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from latent_audit.tasks.errors import AuditError, Stopped, TrackingError
from latent_audit.tasks.execution import process_setup
from latent_audit.tasks.execution.devices import available_cores, choose_device
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.local import start_early
from latent_audit.tasks.execution.stage import key_part
from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.execution.stopping import Stopping
from latent_audit.tasks.execution.workers import Workers
from latent_audit.tasks.runs.acceptance import acceptances
from latent_audit.tasks.runs.run_folder import RunFolder, open_run_folder, safe_folder_name
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.redaction import restored
from latent_audit.tasks.stages.registry import STAGES
from latent_audit.tasks.storage.artifacts import ModelKey, digest_of
from latent_audit.tasks.storage.shared_store import SharedStore
from latent_audit.tasks.storage.sign_in import sign_in_to_own
from latent_audit.tasks.storage.source_digest import source_digest
from latent_audit.tasks.storage.store import Store
from latent_audit.tasks.terminal_text import error_text
from latent_audit.tasks.tracking.connection import connect_early
from latent_audit.tasks.tracking.run_log import Tracker
from latent_audit.vocabulary.errors import UserError


@dataclass
class AuditSession:
    """A running audit: its stage runner, its folder and its start time."""

    stage_runner: StageRunner
    folder: RunFolder
    settings: Settings
    settings_record: dict[str, Any]
    started: datetime
    clock: float


def look_ahead(settings: Settings, *, start_workers: bool) -> None:
    """Does preparations of half a second each, while the caller waits for something else.

    Workers are started only for a run that will compute; one that reuses all its stages needs none.
    """
    if start_workers and settings.compute.runner == "process":
        start_early(settings.compute.workers or available_cores())
    connect_early(_tracking_uri(settings))
    for stage in STAGES:
        source_digest(stage.module)


def _tracking_uri(settings: Settings) -> str:
    return settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"]


@contextmanager
def open_session(settings: Settings) -> Iterator[AuditSession]:
    """Yields the session of an audit; on leaving, ends MLflow runs and worker processes.

    An error inside is replaced by the first failure of a stage, which is its cause.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    device = choose_device(settings.compute.device)  # first: what is refused must leave nothing behind
    process_setup.prepare(settings.run.store)
    shared_address = settings.run.shared_store
    shared = None if shared_address is None else SharedStore(restored(shared_address))
    compute = settings.compute
    with (
        ProgressDisplay() as progress,
        Stopping(progress) as stopping,
        # Before a run is known anywhere: a cluster that is not there leaves no run behind.
        Workers(
            compute.workers or available_cores(),
            progress.moved,
            compute.runner,
            None if compute.address is None else restored(compute.address),
            shared,
        ) as workers,
    ):
        stopping.workers = workers
        record = audit_settings(settings)
        # At the end of a run it would be too late to say that this cannot be read.
        acceptances(settings.run.output / safe_folder_name(settings.name))
        folder = open_run_folder(settings.run.output, settings.name, digest_of(record), started)
        store = Store(settings.run.store, shared)
        artifacts = store.root / "mlflow" / "artifacts"
        sign_in_to_own(settings.run.store, mlflow=_tracking_uri(settings))
        tracker = Tracker(_tracking_uri(settings), settings.name, artifacts, progress.warn)
        parent, children = _mlflow_runs(tracker, folder, settings)
        stage_runner = StageRunner(
            store,
            workers,
            tracker,
            progress,
            device=device,
            parent_run=parent,
            model_runs=children,
            stage_timeout_seconds=compute.stage_timeout_seconds,
            gpu_slots=compute.gpu_slots,
            code_folders=settings.code_folders,
        )
        tracker.on_wait = stage_runner.warn_once
        with _ending(stage_runner, folder):
            yield AuditSession(stage_runner, folder, settings, record, started, clock)


def audit_settings(settings: Settings) -> dict[str, Any]:
    """Returns the settings that a result depends on, without folders, devices and servers."""
    record = settings.model_dump(mode="json", exclude={"compute", "tracking", "latent_size", "over_time"})
    record["run"] = {"name": settings.name, "seed": settings.run.seed}
    record["data"] = key_part(settings.data)
    record["classifier"] = key_part(settings.classifier)
    record["models"] = {name: key_part(model) for name, model in settings.models.items()}
    if settings.explanations.outside is not None:
        record["explanations"]["outside"] = key_part(settings.explanations.outside)
    return record


def _mlflow_runs(tracker: Tracker, folder: RunFolder, settings: Settings) -> tuple[str, dict[ModelKey, str]]:
    """Starts the run's MLflow runs, or continues those of an interrupted run."""
    parent = tracker.start(
        folder.run_id,
        parent=None,
        params=audit_settings(settings),
        tags={"run_id": folder.run_id, "part": "audit"},
    )
    runs = {}
    for model in settings.model_keys:
        params = {"seed": model.seed, **key_part(settings.models[model.name])}
        runs[model] = tracker.start(
            f"{model.name} seed {model.seed}",
            parent=parent,
            params=params,
            tags={"run_id": folder.run_id, "model": model.name, "seed": str(model.seed)},
        )
    return parent, runs


@contextmanager
def _ending(stage_runner: StageRunner, folder: RunFolder) -> Iterator[None]:
    status = "FAILED"
    try:
        yield
        status = "FINISHED"
    except Exception as error:
        failure = stage_runner.first_failure or error
        if isinstance(failure, UserError) and not isinstance(failure, AuditError):
            failure = AuditError(error_text(failure))
        status = "KILLED" if isinstance(failure, Stopped) else "FAILED"
        if failure is error:
            raise
        raise failure from error
    except BaseException:
        status = "KILLED"
        raise
    finally:
        stage_runner.workers.stop.set()
        _end_mlflow_runs(stage_runner, status)
        folder.release()


def _end_mlflow_runs(stage_runner: StageRunner, status: str) -> None:
    """Ends the run's MLflow runs; an unreachable MLflow does not hide the outcome of the run."""
    if isinstance(stage_runner.first_failure, TrackingError):
        return  # it was waited for already
    try:
        stage_runner.end_runs(status)
    except TrackingError as error:
        stage_runner.progress.warn(str(error))
