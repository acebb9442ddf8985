"""Section 8: the dimensions that no attribute claims, and what they seem to carry."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, text
from latent_audit.reports.page.number_text import estimate_text
from latent_audit.reports.page.sections.attributes import latent_responses
from latent_audit.reports.page.sections.explanations import strips
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Unclaimed

MAX_STRIPS = 24


def build(page: Page) -> dict[str, Any]:
    """Returns one table for each lead model, with strips of the dimensions that carry something."""
    rows = recorded(page.audit["unclaimed"]) or []
    models = [_model(page, model, [r for r in rows if r["model"] == model["name"]]) for model in page.leads]
    return {
        "absent": page.absent(page.audit["unclaimed"]),
        "models": [model for model in models if model["count"] or model["responses"]],
    }


def _model(page: Page, model: Model, rows: list[Unclaimed]) -> dict[str, Any]:
    cells = []
    for row in rows:
        listed = [
            f"{shortened(a['attribute'], 24)} {estimate_text(a['uncertainty'])}"
            for a in row["associations"][:4]
        ]
        message = page.t("word.comma").join(listed) or "–"
        cells.append(
            (text(row["name"]), Cell("text", page.t(f"unclaimed.{row['status']}")), Cell("prose", message))
        )
    header = tuple(page.t(f"column.{key}") for key in ("dimension", "status", "associations"))
    note = page.interval_note(a["uncertainty"] for row in rows for a in row["associations"])
    table = Table(page.t("unclaimed.caption", model=shortened(model["name"])), header, tuple(cells), note)
    carrying = [row for row in rows if row["status"] == "carries"][:MAX_STRIPS]
    figures = [strips.build(page, model, row["dimension"], "unclaimed") for row in carrying]
    return {
        "name": shortened(model["name"]),
        "trained": page.trained(model),
        "count": len(rows),
        "table": table,
        "strips": [figure for figure in figures if figure is not None],
        "responses": latent_responses.build(page, model, {row["dimension"] for row in rows}),
    }


SECTIONS = (Section("unclaimed", build, place=90, below="models"),)
