"""Variations of images that the settings ask for, beside what the depth has."""

from collections.abc import Sequence
from typing import Any

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.sections.section import titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import ArrayFile, recorded
from latent_audit.vocabulary.record.latent_manipulation import (
    CombinedEdit,
    DisturbedSheet,
    NoisySheet,
    Variations,
)
from latent_audit.vocabulary.record.model import Model

SHOWN_SIDE = 40


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the parts that were asked for, each with title, figures and a table."""
    part = model.get("variations")
    found = recorded(part)
    if found is None:
        absent = page.absent(part, "variations", model) if part else None
        return [_part(page, "noise", text=absent)] if absent else []
    key, name = page.model_key(model["name"]), page.called_model(model["name"])
    shown = []
    if found["noise"]:
        shown.append(_part(page, "noise", [_noise(page, found["noise"], name, key)]))
    if found["disturbed"]:
        shown.append(_part(page, "disturbed", [_disturbed(page, model, found["disturbed"], name, key)]))
    if found["sums"] or found["ways"]:
        shown.append(_part(page, "named", _named(page, found, key)))
    if found["edits"]:
        figures = [
            _grid(
                page,
                f"edit{i}-{key}",
                row["pictures"],
                2,
                page.t("variation.edit_alt", terms=_terms(page, row)),
            )
            for i, row in enumerate(found["edits"])
        ]
        shown.append(_part(page, "edits", figures, _edits(page, model, found["edits"])))
    return shown


def _part(
    page: Page,
    name: str,
    figures: Sequence[Figure | None] = (),
    table: Table | None = None,
    text: str | None = None,
) -> dict[str, Any]:
    words = text or page.t(f"variation.{name}_text")
    return titled(page.t(f"variation.{name}_title"), words, figures, table)


def _noise(page: Page, part: NoisySheet, name: str, key: str) -> Figure | None:
    levels = page.t("word.comma").join(number(level) for level in part["levels"])
    alt = page.t("variation.noise_alt", model=name, draws=part["draws"], levels=levels)
    return _grid(page, f"noisy-{key}", part["pictures"], 1 + part["draws"] * len(part["levels"]), alt)


def _disturbed(page: Page, model: Model, part: DisturbedSheet, name: str, key: str) -> Figure | None:
    names = page.t("word.comma").join(page.dimension_name(model, index) for index in part["dimensions"])
    alt = page.t("variation.disturbed_alt", model=name, noise=number(part["noise"]), names=names)
    return _grid(page, f"disturbed-{key}", part["pictures"], 1 + len(part["dimensions"]), alt)


def _named(page: Page, found: Variations, key: str) -> list[Figure | None]:
    sums = [
        _grid(
            page,
            f"sum{i}-{key}",
            row["pictures"],
            4,
            page.t("variation.sum_alt", **dict(zip("abc", map(shortened, row["images"]), strict=True))),
        )
        for i, row in enumerate(found["sums"])
    ]
    ways = [
        _grid(
            page,
            f"way{i}-{key}",
            row["pictures"],
            row["steps"],
            page.t("variation.way_alt", **dict(zip("ab", map(shortened, row["images"]), strict=True))),
        )
        for i, row in enumerate(found["ways"])
    ]
    return [*sums, *ways]


def _terms(page: Page, row: CombinedEdit) -> str:
    return page.t("word.comma").join(shortened(term) for term in row["terms"])


def _edits(page: Page, model: Model, rows: Sequence[CombinedEdit]) -> Table:
    cells = []
    for row in rows:
        closed = next((why for name in row["attributes"] if (why := page.closed(model, name))), None)
        reason = closed or row["reason"]
        success = Cell("prose", page.prose(reason)) if reason else estimate(row["success"])
        cells.append((Cell("text", _terms(page, row)), success))
    header = (page.t("variation.edit"), page.t("variation.success"))
    note = page.interval_note(row["success"] for row in rows)
    return Table(page.t("variation.edits_caption"), header, tuple(cells), note)


def _grid(page: Page, identifier: str, reference: ArrayFile, columns: int, alt: str) -> Figure | None:
    images = page.array(reference)
    if not len(images):
        return None
    scale = max(1.0, round(SHOWN_SIDE / images.shape[-1], 2))
    return page.picture(identifier, image_files.grid(images, columns), alt, alt, scale)
