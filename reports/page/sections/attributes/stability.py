"""Whether other seeds tell the same story."""

from typing import Any

from latent_audit.reports.page.context import Cell, Figure, Page, Table, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import seed_dots
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.comparison import Stability
from latent_audit.vocabulary.record.forms import recorded


def build(page: Page) -> dict[str, Any]:
    """Returns seed stability of each model."""
    return {
        "absent": page.absent(page.audit["stability"]),
        "models": [_model(page, row) for row in recorded(page.audit["stability"]) or ()],
    }


def _model(page: Page, row: Stability) -> dict[str, Any]:
    name = shortened(row["model"])
    assessed = row["status"] == "assessed"
    message = page.t(
        "stability.assessed" if assessed else "stability.not_assessed",
        n=len(row["seeds"]),
        needed=f"{page.limit('seeds_min'):g}",
        strength=estimate_text(row["matched_strength"]),
    )
    return {
        "name": name,
        "trained": _trained(page, row["model"]),
        "sentence": message,
        "reason": page.prose(row["reason"]),
        "assessed": assessed,
        "note": page.interval_note([row["matched_strength"]]),
        "figure": _figure(page, row, name),
    }


def _trained(page: Page, name: str) -> str:
    return next((page.trained(model) for model in page.leads if model["name"] == name), "")


def _figure(page: Page, row: Stability, name: str) -> Figure | None:
    lines = [(shortened(a["attribute"]), a["uncertainty"]) for a in row["attributes"]]
    spans = [
        (max(kept) - min(kept), label)
        for label, values in lines
        if (kept := [v for v in values if v is not None])
    ]
    if not spans or len(row["seeds"]) < 2:
        return None
    widest = max(spans)
    alt = page.t(
        "stability.alt", model=name, attribute=widest[1], spread=number(widest[0]), seeds=len(row["seeds"])
    )
    caption = page.t("stability.caption", model=name)
    rows = []
    for a in row["attributes"]:
        words = page.t("word.comma").join(page.t(f"verdict.{v}") if v else "–" for v in a["verdicts"])
        dims = page.t("word.comma").join("–" if d is None else str(d) for d in a["dimensions"])
        strengths = page.t("word.comma").join(number(v) for v in a["uncertainty"])
        rows.append(
            (
                text(a["attribute"]),
                Cell("text", dims),
                Cell("prose", words),
                Cell("text", strengths),
                numeral(a["same_dimension_strength"]),
            )
        )
    header = tuple(
        page.t(f"column.{key}") for key in ("attribute", "dimensions", "verdicts", "association", "matched")
    )
    svg = seed_dots.draw(lines, row["seeds"], page.t("mapping.statistic"), page.t("word.seed"))
    return page.drawing(
        f"stability-{page.model_key(row['model'])}", svg, alt, caption, Table(caption, header, tuple(rows))
    )


SECTIONS = (Section("stability", build, place=120, below="models"),)
