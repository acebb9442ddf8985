"""Shows a run on Prefect's pages: progress, verdicts, the report, and an event on changes.

An audit does not fail because a page cannot be written: it says so once and goes on.
"""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import SettingsContext, get_settings_context
from prefect.events import emit_event
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES, Settings

from latent_audit.reports.page.visible_text import visible
from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session import drift
from latent_audit.tasks.session.run_outcome import failed_sentences
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts

# A page is not worth waiting for: stages wait for each other, and each would wait for a server that is gone.
PATIENCE: Mapping[Any, Any] = {PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: 5.0}
# Each move costs a run tens of milliseconds: many short stages would spend seconds on a bar.
SECONDS_BETWEEN_MOVES = 1.0
VERDICT_COLUMNS: tuple[Literal["model", "seed", "attribute", "dimension_name", "verdict", "reason"], ...] = (
    "model",
    "seed",
    "attribute",
    "dimension_name",
    "verdict",
    "reason",
)


def show_flow_progress(stage_runner: StageRunner, name: str) -> None:
    """Starts a progress bar on Prefect's page of the flow run; finished stages advance it."""

    def show() -> None:
        made = create_progress_artifact(
            0.0, key=f"{artifact_key(name)}-progress", description="Share of the audit's stages that are done"
        )
        stage_runner.flow_progress = cast(UUID, made)  # a coroutine only inside an event loop

    _if_reached(stage_runner, show)


def move_flow_progress(stage_runner: StageRunner) -> None:
    """Sets the bar to the share of finished stages: at most once a second, and when all are finished."""
    bar, now = stage_runner.flow_progress, time.monotonic()
    if bar is None:
        return
    share = 100 * sum(stage_runner.ledger.counts()) / stage_runner.submitted
    if share < 100 and now - stage_runner.flow_progress_moved < SECONDS_BETWEEN_MOVES:
        return
    stage_runner.flow_progress_moved = now
    _if_reached(stage_runner, lambda: update_progress_artifact(bar, share))


def show_results(stage_runner: StageRunner, name: str, folder: Path, audit: Audit) -> None:
    """Shows the lead models' verdicts and the path of the report."""
    places = {
        (row["model"], row["seed"], row["attribute"]): f"{row['rung']} ({row['verdict'].replace('_', ' ')})"
        for row in audit.get("where", ())
    }
    table: list[dict[str, Any]] = [
        {column: visible(str(verdict[column])) for column in VERDICT_COLUMNS}
        | {"place": places.get((verdict["model"], verdict["seed"], verdict["attribute"]), "")}
        for verdict in lead_verdicts(audit)
    ]
    report = (folder / "report.html").as_uri()
    matrix = matrix_of(audit)

    def show() -> None:
        if matrix:
            create_table_artifact(
                table=matrix,
                key=f"{artifact_key(name)}-matrix",
                description="Where each attribute lives in each model, and how sure that is",
            )
        create_table_artifact(
            table=table,
            key=f"{artifact_key(name)}-verdicts",
            description="What each model may be said to encode, and why",
        )
        create_markdown_artifact(
            f"[Interpretability report]({report})\n\n`{report}`{_required(audit)}{_absent(audit)}{_failed(audit)}",
            key=f"{artifact_key(name)}-report",
        )

    _if_reached(stage_runner, show)


def matrix_of(audit: Audit) -> list[dict[str, str]]:
    """Returns the report's matrix: a row for each attribute, a column for each model; [] in files without places."""
    leads = {(model["name"], model["seed"]) for model in lead_models(audit)}
    rows: dict[str, dict[str, str]] = {}
    for place in audit.get("where", ()):
        if (place["model"], place["seed"]) in leads:
            attribute = visible(place["attribute"])
            row = rows.setdefault(attribute, {"attribute": attribute})
            row[f"model {visible(place['model'])}"] = (
                f"{place['rung']} ({place['verdict'].replace('_', ' ')})"
            )
    return list(rows.values())


def _required(audit: Audit) -> str:
    rows = [row["status"].replace("_", " ") for row in audit.get("requirements", [])]
    lines = [
        f"{visible(row['model'])}, {visible(row['attribute'])}: {status}"
        for row, status in zip(audit.get("requirements", []), rows, strict=True)
    ]
    return "".join(f"\n- `{line}`" for line in ["requirements:", *lines]) if lines else ""


def _absent(audit: Audit) -> str:
    lines = [
        f"{visible(', '.join((row['model'], row['attribute'], *row['given'])))}: {row['word'].replace('_', ' ')}"
        for row in audit.get("absent", [])
        if row["seed"] == audit["subject"]["lead_seed"]
    ]
    return "".join(f"\n- `{line}`" for line in ["must not be held:", *lines]) if lines else ""


def _failed(audit: Audit) -> str:
    lines = failed_sentences(audit)
    return "".join(f"\n- `{line}`" for line in ["failed parts:", *lines]) if lines else ""


def report_changes(name: str, since: Mapping[str, Any]) -> None:
    """Emits an event that can trigger Prefect's automations."""
    emit_event(
        event="latent-audit.changed",
        resource={
            "prefect.resource.id": f"latent-audit.{artifact_key(name)}",
            "prefect.resource.name": visible(name),
        },
        payload={"compared_with": since["run_id"], "changes": drift.sentences(since)},
    )


def artifact_key(name: str) -> str:
    """Returns a run's name reduced to the characters that Prefect allows in an artifact's key."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.lower())
    return kept.strip("-") or "run"


@lru_cache(maxsize=1)
def _impatient(server: str | None) -> Settings:
    """Prefect's settings with our patience; made once a server: making them reads files, for a tenth of a second."""
    return get_settings_context().settings.copy_with_update(PATIENCE)


def _if_reached(stage_runner: StageRunner, show: Callable[[], object]) -> None:
    context = get_settings_context()
    try:
        with SettingsContext(profile=context.profile, settings=_impatient(context.settings.api.url)):
            show()
    except httpx.HTTPError as error:
        stage_runner.warn_once(
            f"Prefect's server is not reached ({type(error).__name__}); its pages will lack something"
        )
