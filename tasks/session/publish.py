"""Publishes a finished audit in MLflow and Prefect."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session import drift
from latent_audit.tasks.session.audit_session import AuditSession
from latent_audit.tasks.session.mlflow_facts import (
    audit_metrics,
    audit_tags,
    metrics_of,
    model_tags,
    write_parts,
)
from latent_audit.tasks.session.prefect_page import report_changes, show_results
from latent_audit.tasks.session.run_outcome import failed_sentences
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.tracking.names import EXPORTED_PARTS, registered_name
from latent_audit.vocabulary.record.audit import Audit

SHOWN_FILES = ("report.html", "audit.json", "manifest.json", "settings.yaml", "run.json", "ledger.jsonl")


def publish(opening: AuditSession, exports: Mapping[ModelKey, Artifact], manifest_digest: str) -> None:
    """Logs the report and its digests to the audit's MLflow run, models to the registry, verdicts to Prefect.

    Args:
        opening: the run, its folder complete.
        exports: exported encoder and decoder of each model that is shown in full.
        manifest_digest: SHA-256 of manifest.json.
    """
    stage_runner, folder, settings = opening.stage_runner, opening.folder.working, opening.settings
    audit = read_json(folder / "audit.json")
    facts = read_json(folder / "run.json")
    _log_files(stage_runner, folder, audit)
    _log_data(stage_runner, audit)
    stage_runner.tracker.log(
        stage_runner.parent_run,
        metrics=audit_metrics(audit),
        tags=audit_tags(audit, manifest_digest, _page_of_report(stage_runner), facts["commit"]),
    )
    judged = {ModelKey(model["name"], model["seed"]) for model in audit["models"]}
    stage_runner.failed_models = frozenset(stage_runner.model_runs.keys() - judged)
    for record in audit["models"]:
        stage_runner.tracker.log(
            stage_runner.model_runs[ModelKey(record["name"], record["seed"])],
            metrics=metrics_of(record, audit["where"]),
            tags=model_tags(record, audit),
        )
    logged = [
        made
        for model, export in exports.items()
        if model not in stage_runner.failed_models
        for made in _publish_model(
            stage_runner, settings.name, model, export, settings.tracking.register_models
        )
    ]
    stage_runner.tracker.outputs(stage_runner.parent_run, logged)
    show_results(stage_runner, settings.name, opening.folder.finished, audit)
    since = facts["since_accepted"]
    if since is not None:
        stage_runner.tracker.log(stage_runner.parent_run, tags=drift.tags(since))
        if since["changed"]:
            report_changes(settings.name, since)
    # Before the folder comes to its place: after that, nobody goes on with a run that is killed.
    _log_failed(stage_runner, audit)
    stage_runner.end_runs("FINISHED")


def _log_files(stage_runner: StageRunner, folder: Path, audit: Audit) -> None:
    """Logs what a reader opens, and audit.json in parts, to the audit's run."""
    for file in SHOWN_FILES:
        stage_runner.tracker.artifacts(stage_runner.parent_run, folder / file)
    stage_runner.tracker.artifacts(stage_runner.parent_run, folder / "figures", "figures")
    with tempfile.TemporaryDirectory() as place:
        write_parts(audit, Path(place))
        stage_runner.tracker.artifacts(stage_runner.parent_run, Path(place), "audit")


def _log_data(stage_runner: StageRunner, audit: Audit) -> None:
    """Logs the data set to the audit's run and to the run of each model."""
    data = audit["data"]
    profile = f'{{"images": {data["images"]}, "attributes": {len(data["attributes"])}}}'
    for run in (stage_runner.parent_run, *stage_runner.model_runs.values()):
        stage_runner.tracker.data_set(run, data["name"], data["digest"] or "", data["source"], profile)


def _log_failed(stage_runner: StageRunner, audit: Audit) -> None:
    """Tags the audit's run, and the run of each model, with the parts of it that failed."""
    failed = audit.get("failed", ())
    if not failed:
        return
    stage_runner.tracker.log(
        stage_runner.parent_run,
        metrics={"failed_parts": float(len(failed))},
        tags={"failed": "; ".join(failed_sentences(audit))},
    )
    for model, run in stage_runner.model_runs.items():
        own = {
            f"failed.{row['part']}": row["reason"]
            for row in failed
            if (row["model"], row["seed"]) == (model.name, model.seed)
        }
        if own:
            stage_runner.tracker.log(run, tags=own)


def _page_of_report(stage_runner: StageRunner) -> str:
    """Returns the address of the report in MLflow's pages, from wherever they are served."""
    run = stage_runner.parent_run
    return f"#/experiments/{stage_runner.tracker.experiment_id}/runs/{run}/artifacts/report.html"


def _publish_model(
    stage_runner: StageRunner, name: str, model: ModelKey, export: Artifact, register: bool
) -> list[str]:
    """Logs encoder and decoder to the model's run; returns their ids."""
    made = []
    run = stage_runner.model_runs[model]
    digest = export.json("export.json")["weights_digest"]
    for part in EXPORTED_PARTS:
        logged = stage_runner.tracker.model(
            run, f"{model.name}-{part}", export.path / part, {"weights_digest": digest}
        )
        made.append(logged)
        if register:
            stage_runner.tracker.register(
                registered_name(name, model.name, part), logged, run, digest, "candidate"
            )
    stage_runner.tracker.outputs(run, made)
    return made
