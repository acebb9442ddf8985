"""Runs stages: looks them up in the store, computes them in a worker if needed, logs to MLflow and the ledger."""

import math
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from latent_audit.tasks.errors import AuditError, StageFailed, Stopped
from latent_audit.tasks.execution.failed_parts import as_failed_part
from latent_audit.tasks.execution.ledger import Ledger
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.work_item import WorkItem
from latent_audit.tasks.execution.stage import Stage, key_part
from latent_audit.tasks.execution.workers import Workers
from latent_audit.tasks.storage.arrays import SUMMARY, read_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.code_of_inputs import code_of
from latent_audit.tasks.storage.source_digest import computed_by
from latent_audit.tasks.storage.store import Store
from latent_audit.tasks.terminal_text import error_text, one_line
from latent_audit.tasks.tracking.log_batch import LogBatch
from latent_audit.tasks.tracking.run_log import Tracker
from latent_audit.vocabulary.errors import UserError
from latent_audit.vocabulary.machine_errors import in_words, is_of_the_machine

# Of what stages measure of a model, what people compare in MLflow's table of runs; audit.json has everything.
COMPARED = frozenset(
    {
        "reconstruction_nats_per_image",
        "kl_nats_per_image",
        "active_units",
        "frechet_distance",
        "score.mig",
        "score.modularity",
        "score.dci_disentanglement",
    }
)


class StageRunner:
    """Runs the stages of one run. It is not a dataclass, because Prefect would inspect its fields.

    Args:
        store: where finished stages are kept.
        workers: the processes that compute.
        tracker: the MLflow experiment.
        progress: what the user sees.
        device: torch device for stages that use one.
        parent_run: the MLflow run of the whole audit.
        model_runs: the MLflow runs of its models.
        stage_timeout_seconds: time limit of one stage, or None.
        gpu_slots: how many stages may share a GPU.
    """

    def __init__(
        self,
        store: Store,
        workers: Workers,
        tracker: Tracker,
        progress: ProgressDisplay,
        *,
        device: str,
        parent_run: str,
        model_runs: Mapping[ModelKey, str],
        stage_timeout_seconds: float | None,
        gpu_slots: int,
        code_folders: tuple[str, ...] = (),
    ) -> None:
        self.store = store
        self.workers = workers
        self.tracker = tracker
        self.progress = progress
        self.device = device
        self.parent_run = parent_run
        self.model_runs = dict(model_runs)
        self.ledger = Ledger()
        self.first_failure: Exception | None = None
        # Whether the run can go on without one of its models, and those that it goes on without.
        self.has_several_models = False
        self.failed_models: frozenset[ModelKey] = frozenset()
        self.submitted = 0
        # Id of the progress bar on the engine's page, where there is one.
        self.flow_progress: UUID | None = None
        self.flow_progress_moved = -math.inf  # seconds of the monotonic clock
        self._timeout = stage_timeout_seconds
        self._gpu_slots = gpu_slots
        self._code_folders = code_folders
        self._lock = threading.Lock()
        self._warned: set[str] = set()

    def perform(self, stage: Stage, model: ModelKey | None, inputs: Mapping[str, Any]) -> Artifact:
        """Returns a stage's artifact, from the store or computed now.

        Raises:
            Stopped: the user asked to stop.
            PartFailed: the audit can go on without the stage; nothing is stored, so the next run tries it again.
            StageFailed: it cannot.
        """
        label = f"{stage.verb} {model.name} seed {model.seed}" if model else stage.verb
        try:
            return self._perform(stage, model, inputs, label)
        except Exception as error:
            if not self.workers.stop.is_set():
                part = as_failed_part(error, stage, model, one_of_several=self.has_several_models)
                if part is not None:
                    self.progress.ended(label, f"failed: {part.reason}; the audit goes on without it")
                    raise part from error
            failure = self._failure(label, error)
            with self._lock:
                self.first_failure = self.first_failure or failure
            if isinstance(failure, AuditError) and failure is not error:
                raise failure from error
            raise

    def end_runs(self, status: str) -> None:
        """Ends the MLflow runs of the models and of the audit; models that were left out end as FAILED."""
        for model, run in self.model_runs.items():
            self.tracker.finish(run, "FAILED" if model in self.failed_models else status)
        self.tracker.finish(self.parent_run, status)

    def warn_once(self, text: str) -> None:
        """Prints a warning once."""
        with self._lock:
            known = text in self._warned
            self._warned.add(text)
        if not known:
            self.progress.warn(text)

    def _perform(
        self, stage: Stage, model: ModelKey | None, inputs: Mapping[str, Any], label: str
    ) -> Artifact:
        device = self.device if stage.on_device else "cpu"
        parts = {"device": device.split(":")[0], **{name: key_part(value) for name, value in inputs.items()}}
        code = code_of(stage.module, inputs)
        key = self.store.key(stage.name, stage.module, parts, code)
        made_by = computed_by(stage.module, *code)
        run = self.model_runs[model] if model else self.parent_run
        now = time.time()
        interval = (now, now)
        with self.store.claim(stage.name, key, self.progress.warn):
            artifact = self.store.find(stage.name, key, self.progress.warn)
            if artifact is None:
                if self.workers.stop.is_set():
                    raise Stopped("stopped before this stage began")
                work = self.store.work_folder(stage.name, key)

                def compute(folder: Path) -> float:
                    nonlocal interval
                    order = WorkItem(
                        stage, key, run, label, inputs, device, folder, work, self.store.root, self._timeout,
                        self._gpu_slots, self.store.shared.address if self.store.shared else None, made_by,
                        self._code_folders,
                    )  # fmt: skip
                    interval = self.workers.run(order)
                    return interval[1] - interval[0]

                artifact = self.store.build(stage.name, key, run, compute)
            self.store.forget_work(stage.name, key)  # of a reused one too: a kill may have come just before
        self.ledger.add(artifact, model, interval, artifact.origin if artifact.origin != run else None)
        self._track(stage, run, artifact)
        self.progress.ended(label, "reused" if artifact.reused else f"{artifact.seconds:.1f} s")
        return artifact

    def _track(self, stage: Stage, run: str, artifact: Artifact) -> None:
        summary_file = artifact.path / SUMMARY
        summary = read_json(summary_file) if summary_file.is_file() else {}
        # Digests, seconds, and what was reused from which run stand in ledger.jsonl: they would hide all others.
        tags = summary.get("tags", {})
        metrics = _known(summary.get("metrics", {}))
        if run != self.parent_run:
            metrics = {name: value for name, value in metrics.items() if name in COMPARED}
        self.tracker.keep(run, LogBatch(metrics, summary.get("curves", {}), tags))
        if not artifact.reused:
            self.tracker.log(run)

    def _failure(self, label: str, error: Exception) -> Exception:
        if isinstance(error, Stopped) or self.workers.stop.is_set():
            return Stopped("stopped; what was finished is kept, and the same command goes on from here")
        self.progress.ended(label, f"failed: {error}")
        if isinstance(error, AuditError):
            return error
        if is_of_the_machine(error):
            said = in_words(error)
        elif isinstance(error, UserError):
            said = error_text(error).rstrip(". ")
        else:
            said = one_line(str(error)).rstrip(". ") or type(error).__name__
        return StageFailed(f"{label}: {said}. Finished stages are kept")


def _known(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if value is not None}
