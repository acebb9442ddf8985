"""Logs an accepted run to MLflow: a tag, and the alias `audited` for models with enough Supported attributes."""

import os
import re
from collections import Counter

from latent_audit.reports.page.visible_text import visible
from latent_audit.tasks.runs.acceptance import Acceptance
from latent_audit.tasks.runs.verify import Verified
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.tracking.connection import knows_run
from latent_audit.tasks.tracking.names import EXPORTED_PARTS, registered_name
from latent_audit.tasks.tracking.run_log import Tracker
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts
from latent_audit.vocabulary.verdicts import SUPPORTED

ALIAS = "audited"
RUN_ID = re.compile("[0-9a-f]{32}")


def log_to_mlflow(verified: Verified, settings: Settings, note: Acceptance) -> list[str] | None:
    """Tags the run as accepted and returns the registered models that now have the alias `audited`.

    Returns None where MLflow has no such run, as on another machine than the one that audited; nothing is made there
    then. The tag comes last: a run that carries it was accepted whole.
    """
    checked = verified.checked
    facts = (checked.run or {}).get("mlflow") or {}
    run_id, experiment = str(facts.get("parent_run_id")), facts.get("experiment")
    uri = settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"]
    if (
        not isinstance(experiment, str)
        or not RUN_ID.fullmatch(run_id)
        or not knows_run(uri, run_id, experiment)
    ):
        return None
    tracker = Tracker(uri, experiment, settings.run.store.absolute() / "mlflow" / "artifacts")
    audited = []
    assert checked.audit is not None  # what cannot be read is not accepted
    for model, digest in _earned(checked.audit, settings.over_time.audited_from_supported).items():
        for part in EXPORTED_PARTS:
            name = registered_name(experiment, model, part)
            if tracker.point(name, digest, ALIAS):
                audited.append(name)
    who = {"accepted_by": visible(note.by)} if note.by else {}
    tracker.log(run_id, tags={"accepted": note.accepted, **who})
    return audited


def _earned(audit: Audit, supported_min: int) -> dict[str, str]:
    """Returns the weights' digests of the lead models with enough Supported attributes, by model.

    An attribute counts whose dimension or whose place is Supported.
    """
    leads = lead_models(audit)
    seeds = {(model["name"], model["seed"]) for model in leads}
    rows = [(row["model"], row["attribute"], row["verdict"]) for row in lead_verdicts(audit)]
    rows += [
        (row["model"], row["attribute"], row["verdict"])
        for row in audit.get("where", ())
        if (row["model"], row["seed"]) in seeds
    ]
    supported = Counter(
        model for model, _ in {(model, name) for model, name, word in rows if word == SUPPORTED}
    )
    return {
        model["name"]: digest
        for model in leads
        if supported[model["name"]] >= supported_min and (digest := model["weights_digest"])
    }
