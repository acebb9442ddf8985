"""What MLflow is told of an accepted run: a tag, and the alias `audited` on the models that earned it."""

import os
from collections import Counter
from pathlib import Path

from reports.audit_json import read_audit
from tasks.acceptance import Acceptance
from tasks.analyses.lead_verdicts import lead_verdicts
from tasks.arrays import read_json
from tasks.export import PARTS
from tasks.settings import Settings
from tasks.tracking import Tracker

ALIAS = "audited"


def tell_mlflow(folder: Path, settings: Settings, note: Acceptance) -> list[str]:
    """Tags the run as accepted and returns the registered models that now carry the alias `audited`."""
    facts = read_json(folder / "run.json")["mlflow"]
    uri = settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"]
    tracker = Tracker(uri, facts["experiment"], settings.run.store.absolute() / "mlflow" / "artifacts")
    who = {"accepted_by": note.by} if note.by else {}
    tracker.log(facts["parent_run_id"], tags={"accepted": note.accepted, **who})
    audited = []
    for model, digest in _earned(folder, settings.over_time.audited_from_supported).items():
        for part in PARTS:
            name = f"{facts['experiment']}-{model}-{part}"
            if tracker.point(name, digest, ALIAS):
                audited.append(name)
    return audited


def _earned(folder: Path, supported_min: int) -> dict[str, str]:
    """Returns the weights' digests of the lead models with enough Supported attributes, by model."""
    audit = read_audit(folder)
    supported = Counter(
        verdict["model"] for verdict in lead_verdicts(audit) if verdict["verdict"] == "supported"
    )
    return {
        model["name"]: model["weights_digest"]
        for model in audit["models"]
        if model["is_lead"] and supported[model["name"]] >= supported_min
    }
