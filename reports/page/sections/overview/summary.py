"""The first screen: the answer in sentences, warnings, requirements, the matrix, trust, conclusions and next steps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from latent_audit.reports.page import absence
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.phrases import Found
from latent_audit.reports.page.sections.attributes import subgroups
from latent_audit.reports.page.sections.overview import answer, matrix, next_steps, trust, warnings
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.reports.record.what_changed import sentences
from latent_audit.vocabulary.record.places import Requirement

MAX_WARNINGS = 4
MAX_NEXT = 2


def build(page: Page) -> dict[str, Any]:
    """Returns everything that is seen without a scroll."""
    cells = matrix.found_in(page)
    told = warnings.build(page, cells)
    steps = next_steps.build(page)["actions"]
    return {
        "title": answer.title(page),
        "meta": _meta(page),
        "answer": answer.sentences(page, cells),
        "warnings": told[:MAX_WARNINGS],
        "more_warnings": len(told) - MAX_WARNINGS,
        "failed": [_failed(page, row) for row in page.failed],
        "requirements": [
            {"status": row["status"], "line": _requirement(page, row)}
            for row in page.audit.get("requirements", ())
        ],
        "absence": absence.lines(page),
        "matrix": matrix.build(page),
        "trust": trust.in_short(page),
        "may": page.t(f"summary.may_{_may(cells)}"),
        "may_not": page.t("summary.may_not_short"),
        "subgroups": subgroups.in_short(page),
        "next": steps[:MAX_NEXT],
        "more_next": max(len(steps) - MAX_NEXT, 0),
        "since": _since(page),
    }


def _may(cells: Sequence[Found]) -> str:
    return "control" if any(one.is_control for one in cells) else "none"


def _meta(page: Page) -> list[str]:
    """Returns date and run, and what the file contains."""
    started = page.run.get("started")
    day = datetime.fromisoformat(started).date().isoformat() if started else ""
    return [part for part in (day, page.t("summary.run_id", run=page.run["run_id"])) if part]


def _requirement(page: Page, row: Requirement) -> str:
    if row["place"] == "absent":
        return page.t(
            "place.requirement_absent",
            model=shortened(row["model"], 28),
            attribute=shortened(row["attribute"], 28),
            status=page.t(f"place.status.{row['status']}"),
            reason=page.prose(row["reason"]),
        )
    return page.t(
        "place.requirement",
        model=page.called_model(row["model"]),
        attribute=page.called(row["attribute"]),
        place=page.t(f"place.short.{row['place']}"),
        verdict=page.t(f"verdict.{row['verdict']}"),
        status=page.t(f"place.status.{row['status']}"),
        reason=page.prose(row["reason"]),
    )


def _failed(page: Page, row: Any) -> str:
    return page.t(
        "summary.failed_line",
        part=page.t(f"failed_part.{row['part']}"),
        of=""
        if row["model"] is None
        else page.t("summary.failed_of", model=shortened(row["model"], 28), seed=row["seed"]),
        reason=page.prose(row["reason"]),
    )


def _since(page: Page) -> str:
    """Returns what changed since the last accepted run; "" where none was accepted."""
    since = page.run.get("since_accepted")
    if not isinstance(since, dict):
        return ""
    changes = sentences(since, page.t) if since["changed"] else []
    if not changes:
        return page.t("summary.since_same", run=since["run_id"])
    return page.t("summary.since_changed", run=since["run_id"], n=len(changes), first=changes[0])


SECTIONS = (Section("summary", build, place=10, of_the_run=True),)
