"""Publishes a finished audit in MLflow and Prefect."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session import drift
from latent_audit.tasks.session.audit_session import AuditSession
from latent_audit.tasks.session.prefect_page import report_changes, show_results
from latent_audit.tasks.session.run_outcome import failed_sentences
from latent_audit.tasks.storage.arrays import read_json, write_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.tracking.names import EXPORTED_PARTS, registered_name
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts
from latent_audit.vocabulary.verdicts import SUPPORTED

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
    for file in SHOWN_FILES:
        stage_runner.tracker.artifacts(stage_runner.parent_run, folder / file)
    stage_runner.tracker.artifacts(stage_runner.parent_run, folder / "figures", "figures")
    with tempfile.TemporaryDirectory() as place:
        write_parts(audit, Path(place))
        stage_runner.tracker.artifacts(stage_runner.parent_run, Path(place), "audit")
    counts = Counter(verdict["verdict"] for verdict in audit["verdicts"])
    data = audit["data"]
    profile = f'{{"images": {data["images"]}, "attributes": {len(data["attributes"])}}}'
    for run in (stage_runner.parent_run, *stage_runner.model_runs.values()):
        stage_runner.tracker.data_set(run, data["name"], data["digest"], data["source"], profile)
    commit = read_json(folder / "run.json")["commit"]
    digests = {"manifest": manifest_digest, "data": data["digest"], "settings": audit["settings_digest"]}
    stage_runner.tracker.log(
        stage_runner.parent_run,
        metrics={
            **{f"verdicts.{verdict}": float(count) for verdict, count in counts.items()},
            **{
                f"places.{rung}": float(count)
                for rung, count in Counter(p["rung"] for p in audit["where"]).items()
            },
        },
        tags={
            **{f"digest.{name}": digest for name, digest in digests.items()},
            **{
                f"absent.{row['model']}.{_absence_name(row)}": row["word"]
                for row in audit["absent"]
                if row["seed"] == audit["subject"]["lead_seed"]
            },
            **{f"required.{row['model']}.{row['attribute']}": row["status"] for row in audit["requirements"]},
            "mlflow.note.content": _description(audit, _page_of_report(stage_runner)),
            **({"mlflow.source.git.commit": commit} if commit else {}),
        },
    )
    judged = {ModelKey(model["name"], model["seed"]) for model in audit["models"]}
    stage_runner.failed_models = frozenset(stage_runner.model_runs.keys() - judged)
    for record in audit["models"]:
        stage_runner.tracker.log(
            stage_runner.model_runs[ModelKey(record["name"], record["seed"])],
            metrics=metrics_of(record, audit["where"]),
            tags={
                **_model_tags(record),
                **_place_tags(record, audit["where"]),
                **{
                    f"absent.{_absence_name(row)}": row["word"]
                    for row in audit["absent"]
                    if (row["model"], row["seed"]) == (record["name"], record["seed"])
                },
            },
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
    since = read_json(folder / "run.json")["since_accepted"]
    if since is not None:
        stage_runner.tracker.log(stage_runner.parent_run, tags=drift.tags(since))
        if since["changed"]:
            report_changes(settings.name, since)
    # Before the folder comes to its place: after that, nobody goes on with a run that is killed.
    _log_failed(stage_runner, audit)
    stage_runner.end_runs("FINISHED")


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


def write_parts(audit: Audit, into: Path) -> None:
    """Writes audit.json in files that MLflow's pane shows whole: it cuts large ones.

    A file for each key; of each lead model a folder, by its place among them, with a file for each of its keys.
    """
    parts = {key: value for key, value in audit.items() if key != "models"}
    for key, value in parts.items():
        write_json(into / f"{key}.json", value)
    for index, model in enumerate(lead_models(audit), 1):
        folder = into / f"model-{index}"
        folder.mkdir()
        for key, value in model.items():
            write_json(folder / f"{key}.json", value)


def _page_of_report(stage_runner: StageRunner) -> str:
    """Returns the address of the report in MLflow's pages, from wherever they are served."""
    run = stage_runner.parent_run
    return f"#/experiments/{stage_runner.tracker.experiment_id}/runs/{run}/artifacts/report.html"


def _description(audit: Audit, report: str) -> str:
    """Returns the description on MLflow's page of the run; as markdown, so without names that a user chose."""
    lead = [verdict["verdict"] for verdict in lead_verdicts(audit)]
    found = ", ".join(
        f"{count} {verdict.replace('_', ' ')}" for verdict, count in Counter(lead).most_common()
    )
    places = Counter(row["rung"] for row in audit["where"] if row["seed"] == audit["subject"]["lead_seed"])
    placed = ", ".join(f"{count} {rung}" for rung, count in places.most_common())
    return (
        f"Of {len(lead)} claims that a dimension carries an attribute: {found}. Where attributes live: {placed}. "
        f"[Open the report]({report}), which has reasons, intervals and controls. Under Artifacts, audit.json is the "
        "record behind it, and audit/ has the same in parts."
    )


def _model_tags(record: Mapping[str, Any]) -> dict[str, str]:
    """Returns the tags of a model's run: digest of its weights, and the labels that it was trained with."""
    names = record["supervision"]["attributes"]
    labels = "not stated" if names is None else ", ".join(names) or "none"
    return {"weights_digest": record["weights_digest"], "trained_with_labels": labels}


def metrics_of(record: Mapping[str, Any], where: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Returns how many places of a model are Supported, and the mean share of edits that the classifier sees succeed.

    Edits of attributes that it may not judge do not count; without any other there is no mean.
    """
    own = [row for row in where if (row["model"], row["seed"]) == (record["name"], record["seed"])]
    edits = ((record.get("moves") or {}).get("boundaries") or {}).get("edits", ())
    seen = [edit["conditional"]["success"]["value"] for edit in edits if edit["conditional"]]
    supported = float(sum(row["verdict"] == SUPPORTED for row in own))
    return {"supported_places": supported, **({"edit_success": sum(seen) / len(seen)} if seen else {})}


def _absence_name(row: Mapping[str, Any]) -> str:
    """Returns what a claim of absence is of: "sex", or "sex given age, height"."""
    return f"{row['attribute']} given {', '.join(row['given'])}" if row["given"] else str(row["attribute"])


def _place_tags(record: Mapping[str, Any], where: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns where each attribute lives in a model: "place.posX": "direction (supported)"."""
    return {
        f"place.{row['attribute']}": f"{row['rung']} ({row['verdict'].replace('_', ' ')})"
        for row in where
        if (row["model"], row["seed"]) == (record["name"], record["seed"])
    }


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
