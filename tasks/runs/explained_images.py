"""Logs the explanation of an image to the MLflow run of the audit that it rests on."""

import os
import re
from pathlib import Path

from latent_audit.tasks.runs.kept_results import KeptRun
from latent_audit.tasks.tracking.connection import knows_run
from latent_audit.tasks.tracking.run_log import Tracker

FOLDER = "explanations"
RUN_ID = re.compile("[0-9a-f]{32}")


def log_explanation(kept: KeptRun, page: Path, store: Path) -> bool:
    """Logs a page to the run's folder of explanations in MLflow; False where MLflow has no such run."""
    facts = (kept.verified.checked.run or {}).get("mlflow") or {}
    run_id, experiment = str(facts.get("parent_run_id")), facts.get("experiment")
    uri = os.environ["MLFLOW_TRACKING_URI"]
    if (
        not isinstance(experiment, str)
        or not RUN_ID.fullmatch(run_id)
        or not knows_run(uri, run_id, experiment)
    ):
        return False
    tracker = Tracker(uri, experiment, store.absolute() / "mlflow" / "artifacts")
    tracker.artifacts(run_id, page, FOLDER)
    return True
