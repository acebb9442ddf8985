"""Where the codes of each dimension lie."""

from typing import Any

from latent_audit.reports.page.context import Page, Table, numeral, text
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened


def build(page: Page) -> dict[str, Any]:
    """Returns one table for each lead model."""
    return {"models": [_model(page, model) for model in page.leads]}


def _model(page: Page, model: dict[str, Any]) -> dict[str, Any]:
    rows = model.get("code_range")
    absent = page.absent(rows)
    header = tuple(page.t(f"column.{key}") for key in ("dimension", "low", "high"))
    cells = tuple((text(r["name"]), numeral(r["low"]), numeral(r["high"])) for r in rows or ())
    caption = page.t("code_range.caption", model=shortened(model["name"]))
    return {"absent": absent, "table": None if absent else Table(caption, header, cells)}


SECTIONS = (Section("code_range", build, place=105, below="models"),)
