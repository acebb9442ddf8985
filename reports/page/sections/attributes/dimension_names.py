"""What people call dimensions, in which trainings the name holds, and what came of their guesses."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.on_request.dimension_names import NamedDimension
from latent_audit.vocabulary.verdicts import NOT_TESTED


def build(page: Page) -> dict[str, Any]:
    """Returns a table of names, or a sentence on how to give one."""
    rows = page.audit.get("named_dimensions", [])
    return {
        "finding": page.t("dimension_names.text" if rows else "dimension_names.none"),
        "failures": page.failures("guesses"),
        "table": _table(page, rows) if rows else None,
    }


def _table(page: Page, rows: list[NamedDimension]) -> Table:
    keys = ("name", "model", "seed", "dimension", "status", "correlation", "guess")
    return Table(
        page.t("dimension_names.caption"),
        tuple(page.t(f"column.{key}") for key in keys),
        tuple(
            (
                text(row["name"]),
                text(row["model"]),
                numeral(row["seed"]),
                numeral(row["dimension"]),
                Cell("text", page.t(f"dimension_names.status.{row['status']}")),
                numeral(row["correlation"]),
                Cell("prose", _guess(page, row)),
            )
            for row in rows
        ),
    )


def _guess(page: Page, row: NamedDimension) -> str:
    if row["attribute"] is None:
        return page.t("dimension_names.no_guess")
    attribute, word = shortened(row["attribute"], 28), row.get("word")
    if word is None or word == NOT_TESTED:
        return page.t("dimension_names.not_tested", attribute=attribute)
    tested = next(
        guess
        for model in page.audit["models"]
        if (model["name"], model["seed"]) == (row["model"], row["seed"])
        for guess in model.get("guesses", ())
        if (guess["dimension"], guess["attribute"]) == (row["dimension"], row["attribute"])
    )
    return page.t(
        "dimension_names.tested",
        attribute=attribute,
        verdict=page.t(f"verdict.{word}"),
        value=estimate_text(tested["uncertainty"]),
        p=number(tested["p_adjusted"]),
        family=number(tested["family"]),
    )


SECTIONS = (Section("dimension_names", build, place=95, below="models"),)
