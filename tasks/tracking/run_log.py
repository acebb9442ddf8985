"""Logs runs to MLflow: parameters, figures, curves, tags, data sets and files.

Every call names its run: MLflow's active run belongs to a thread, and stages run in many. Metrics go in batches,
which is thirty times faster than one by one. A call that is repeated after a kill changes nothing: points carry the
time at which their run began, and MLflow keeps a point that is the same only once.
"""

import getpass
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    Run,
    RunTag,
)

from latent_audit.reports.page.visible_text import visible, visible_lines
from latent_audit.tasks.passwords import without_password
from latent_audit.tasks.tracking.connection import again
from latent_audit.tasks.tracking.log_batch import LogBatch
from latent_audit.tasks.tracking.names import clean_name, clean_tags, flat
from latent_audit.tasks.tracking.registry import Registry

# MLflow's own limits: 1,000 things in one call, 100 of them params and 100 tags; and for one value.
METRICS_BATCH_SIZE = 900
PARAMS_BATCH_SIZE = TAGS_BATCH_SIZE = 100
LONGEST_PARAM = 6000
LONGEST_TAG = 8000


class Tracker(Registry):
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
        super().__init__(uri, experiment, artifact_root, on_wait)
        self._began: dict[str, int] = {}
        self._kept: dict[str, LogBatch] = {}
        self._keeping = threading.Lock()

    def start(
        self, name: str, *, parent: str | None, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> str:
        """Returns the id of a new run, under a parent run if one is given.

        Where a run with all of these tags is there already, left by a process that was killed, goes on with it.
        """
        with self.translate_errors():
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
        with self.translate_errors():
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
            with self.translate_errors():
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
        with self.translate_errors():
            again(lambda: self._client.log_inputs(run_id, [DatasetInput(data, [tag])]))

    def artifacts(self, run_id: str, path: Path, into: str | None = None) -> None:
        """Logs a file, or all the files of a folder."""
        log = self._client.log_artifacts if path.is_dir() else self._client.log_artifact
        with self.translate_errors():
            log(run_id, str(path), into)

    def finish(self, run_id: str, status: str = "FINISHED") -> None:
        """Logs the kept batches of a run and ends it as FINISHED, FAILED or KILLED."""
        self.log(run_id)
        with self.translate_errors():
            # Not before it began, also where the clock was put back.
            self._client.set_terminated(run_id, status, max(_now(), self._began[run_id]))


def source_tags() -> dict[str, str]:
    """Returns user, source and commit as MLflow's own loggers tag a run."""
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return {"mlflow.user": user, "mlflow.source.name": "latent-audit", "mlflow.source.type": "LOCAL"}


def _now() -> int:
    return int(time.time() * 1000)
