"""A small sealed run whose verdicts follow from its evidence, so that every way of breaking it can be tried."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from latent_audit.reports.page.reasons import with_sentences
from latent_audit.reports.page.render import render
from latent_audit.reports.record.audit_json import read_audit, write_audit
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.tasks.analyses.checks import auditability
from latent_audit.tasks.analyses.checks.definitions.registry import CHECKS, listed
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.checks.verdicts import (
    verdicts_from_audit,
    verdicts_on_control,
    verdicts_without_stability,
)
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.storage.artifacts import digest_of
from tests.reports.audit_builder import ATTRIBUTES, AuditBuilder


def write_judged_run(folder: Path, **sizes: Any) -> None:
    """Writes audit, report and manifest of a run into `folder`."""
    chosen = {"models": ("vae",), "attributes": ATTRIBUTES[:2], "dimensions": 3, "seeds": 1, "image_size": 10}
    audit = AuditBuilder(folder, **{**chosen, **sizes}).write()
    audit["thresholds"] = asdict(Thresholds())
    audit["thresholds_digest"] = Thresholds().digest()
    audit["auditability"] = with_sentences(
        to_json(auditability.compute(audit["data"]["attributes"], audit["classifier"]["scores"], 0.5))
    )
    audit["checks"] = listed(CHECKS)
    audit["settings_digest"] = digest_of(audit["settings"])
    for section in audit["stability"]:
        seeds = [model for model in audit["models"] if model["name"] == section["model"]]
        words = verdicts_without_stability(seeds, Thresholds())
        for row in section["attributes"]:
            row["same_dimension"] = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 3, "source": "seeds"}
            row["verdicts"] = words[row["attribute"]]
    write_audit(folder, audit)  # verdicts are drawn from what is written: rounded numbers
    written = read_audit(folder)
    audit["verdicts"] = [
        {**verdict, "counter_examples": None} for verdict in with_sentences(verdicts_from_audit(written))
    ]
    audit["controls"] = [
        {**control, "verdicts": with_sentences(verdicts_on_control(control, Thresholds()))}
        for control in written["controls"]
    ]
    (folder / "settings.yaml").write_text("data: {name: sprites}\n")
    seal(folder, audit)


def seal(folder: Path, audit: dict[str, Any]) -> None:
    """Writes an audit, renders it and seals the folder: what a forger would do."""
    write_audit(folder, audit)
    render(folder)
    write_manifest(folder)
