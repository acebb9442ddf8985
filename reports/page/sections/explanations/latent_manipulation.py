"""Moving through the latent space: ways between images, attributes added and edited, and noise on dimensions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, known, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import heat_map
from latent_audit.reports.page.sections.explanations import variations
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import ArrayFile, NotApplicable, recorded
from latent_audit.vocabulary.record.latent_manipulation import (
    Arithmetic,
    BoundaryEdit,
    EditOutcome,
    FrechetDistances,
    Interpolation,
    LatentManipulation,
    Perturbation,
)
from latent_audit.vocabulary.record.model import Model

SHOWN_SIDE = 40


def build(page: Page) -> dict[str, Any]:
    """Returns what was asked of each lead model on the way through its latent space."""
    return {"models": [_model(page, model) for model in page.leads]}


def _judged_only(page: Page, model: Model, part: LatentManipulation) -> LatentManipulation:
    """Returns the part without what the classifier says of attributes that it may not judge in the model's images."""
    arithmetic: list[Arithmetic] = [
        {**row, "plain": None, "conditional": None, "random": None, "reason": closed}
        if (closed := page.closed(model, row["attribute"]))
        else row
        for row in part["arithmetic"]
    ]
    edits: list[BoundaryEdit] = [
        {**row, "primal": None, "conditional": None, "reason": closed}
        if (closed := page.closed(model, row["attribute"]))
        else row
        for row in part["boundaries"]["edits"]
    ]
    disturbed = part["perturbation"]
    kept = [i for i, name in enumerate(disturbed["attributes"]) if not page.closed(model, name)]
    disturbed = {
        **disturbed,
        "attributes": [disturbed["attributes"][i] for i in kept],
        "units": [disturbed["units"][i] for i in kept],
        "rows": [{**row, "attributes": [row["attributes"][i] for i in kept]} for row in disturbed["rows"]],
    }
    return {
        **part,
        "arithmetic": arithmetic,
        "boundaries": {**part["boundaries"], "edits": edits},
        "perturbation": disturbed,
    }


def _model(page: Page, model: Model) -> dict[str, Any]:
    found, name = recorded(model.get("moves")), shortened(model["name"])
    if found is None:
        absent = page.absent(model.get("moves"), "manipulate", model)
        return {
            "name": name,
            "trained": page.trained(model),
            "absent": absent,
            "variations": variations.build(page, model),
        }
    part = _judged_only(page, model, found)
    key = page.model_key(model["name"])
    return {
        "name": name,
        "trained": page.trained(model),
        "absent": None,
        "interpolation": _interpolation(page, part["interpolation"], name, key),
        "paths": _paths(page, part["interpolation"], name),
        "paths_absent": page.absent(part["interpolation"]["paths"]),
        "arithmetic": _arithmetic(page, part["arithmetic"], name),
        "added": _rows(
            page,
            [(row["meaning"], row["pictures"]) for row in part["arithmetic"]],
            f"added-{key}",
            "added",
            name,
        ),
        "boundaries": _boundaries(page, part["boundaries"]["edits"], name),
        "edited": _rows(
            page,
            [(row["meaning"], row["strip"]) for row in part["boundaries"]["edits"]],
            f"edited-{key}",
            "edited",
            name,
        ),
        "perturbation": _perturbation(page, part["perturbation"], name, key),
        "frechet": _frechet(page, part["frechet"]),
        "variations": variations.build(page, model),
    }


def _frechet(page: Page, part: FrechetDistances | NotApplicable) -> str:
    """Returns the distance of samples, or why there is none."""
    found = recorded(part)
    if found is None:
        return page.absent(part) or "–"
    return page.t("move.frechet", samples=estimate_text(found["samples"]), real=estimate_text(found["real"]))


def _interpolation(page: Page, part: Interpolation, name: str, key: str) -> Figure:
    images = page.array(part["pictures"])
    measured = recorded(part["paths"])
    paths = {path["kind"]: path for path in measured or ()}
    alt = (
        page.t("move.interpolation_plain_alt", pairs=part["shown"], model=name)
        if measured is None
        else page.t(
            "move.interpolation_alt",
            pairs=part["shown"],
            model=name,
            linear=estimate_text(paths["linear"]["straightness"]),
            spherical=estimate_text(paths["spherical"]["straightness"]),
            pixels=estimate_text(paths["pixels"]["straightness"]),
        )
    )
    caption = page.t("move.interpolation_caption")
    return page.picture(
        f"interpolation-{key}", image_files.grid(images, part["steps"]), alt, caption, _scale(images)
    )


def _paths(page: Page, part: Interpolation, name: str) -> Table | None:
    measured = recorded(part["paths"])
    if measured is None:
        return None
    header = tuple(page.t(f"column.{key}") for key in ("way", "straightness", "largest_step"))
    rows = tuple(
        (
            Cell("text", page.t.known(f"move.{path['kind']}", path["kind"])),
            estimate(path["straightness"]),
            estimate(path["largest_step"]),
        )
        for path in measured
    )
    note = page.interval_note(path["straightness"] for path in measured)
    return Table(page.t("move.paths_caption", model=name, pairs=part["pairs"]), header, rows, note)


def _arithmetic(page: Page, rows: Sequence[Arithmetic], name: str) -> Table:
    ways: tuple[Literal["plain", "conditional", "random"], ...] = ("plain", "conditional", "random")
    header = (
        page.t("column.attribute"),
        *(page.t(f"column.success_{way}") for way in ways),
        *(page.t(f"column.kept_{way}") for way in ways[:2]),
        *_reason_header(page, rows),
    )
    cells = tuple(
        (
            text(row["meaning"]),
            *(_outcome(row[way], "success") for way in ways),
            *(_outcome(row[way], "others_kept") for way in ways[:2]),
            *_reason(page, rows, row),
        )
        for row in rows
    )
    note = _note(page, [row[way] for row in rows for way in ways])
    return Table(page.t("move.arithmetic_caption", model=name), header, cells, note)


def _boundaries(page: Page, rows: Sequence[BoundaryEdit], name: str) -> Table:
    ways: tuple[Literal["primal", "conditional"], ...] = ("primal", "conditional")
    header = (
        page.t("column.attribute"),
        page.t("column.boundary_accuracy"),
        *(page.t(f"column.success_{way}") for way in ways),
        *(page.t(f"column.kept_{way}") for way in ways),
        page.t("column.normal_left"),
        *_reason_header(page, rows),
    )
    cells = tuple(
        (
            text(row["meaning"]),
            estimate(row["accuracy"]),
            *(_outcome(row[way], "success") for way in ways),
            *(_outcome(row[way], "others_kept") for way in ways),
            numeral(row["kept_share"]),
            *_reason(page, rows, row),
        )
        for row in rows
    )
    before = {page.t("column.boundary_accuracy"): [row["accuracy"] for row in rows]}
    note = _note(page, [row[way] for row in rows for way in ways], before)
    return Table(page.t("move.boundary_caption", model=name), header, cells, note)


def _note(
    page: Page,
    edits: Sequence[EditOutcome | None],
    before: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> str:
    """Returns what the intervals of a table of edits are over: an edit starts from images without the attribute."""
    outcomes = [outcome for outcome in edits if outcome]
    return page.interval_note(
        {
            **before,
            page.t("move.success"): [outcome["success"] for outcome in outcomes],
            page.t("move.kept"): [outcome["others_kept"] for outcome in outcomes],
        }
    )


def _reason_header(page: Page, rows: Sequence[Arithmetic | BoundaryEdit]) -> tuple[str, ...]:
    """Returns the heading of the column of reasons, which is there only where some row has one."""
    return (page.t("column.reason"),) if any(row["reason"] for row in rows) else ()


def _reason(
    page: Page, rows: Sequence[Arithmetic | BoundaryEdit], row: Arithmetic | BoundaryEdit
) -> tuple[Cell, ...]:
    return (Cell("prose", page.prose(row["reason"])),) if _reason_header(page, rows) else ()


def _outcome(outcome: EditOutcome | None, key: Literal["success", "others_kept"]) -> Cell:
    return estimate(outcome[key]) if outcome else Cell("number", "–")


def _rows(
    page: Page, rows: Sequence[tuple[str, ArrayFile]], identifier: str, key: str, name: str
) -> Figure | None:
    """Returns one grid with a row of pictures an attribute; attributes without pictures have none."""
    found = [(meaning, page.array(reference)) for meaning, reference in rows]
    found = [(meaning, images) for meaning, images in found if len(images)]
    if not found:
        return None
    columns = max(len(images) for _, images in found)
    blank = np.full((1, *found[0][1].shape[1:]), 255, found[0][1].dtype)
    padded = [
        np.concatenate([images, np.repeat(blank, columns - len(images), axis=0)]) for _, images in found
    ]
    names = page.t("word.semicolon").join(shortened(meaning) for meaning, _ in found)
    alt = page.t(f"move.{key}_alt", model=name, names=names)
    images = np.concatenate(padded)
    return page.picture(
        identifier, image_files.grid(images, columns), alt, page.t(f"move.{key}_caption"), _scale(images)
    )


def _perturbation(page: Page, part: Perturbation, name: str, key: str) -> Figure:
    columns = [page.t("column.image"), *(shortened(attribute, 16) for attribute in part["attributes"])]
    rows = [[row["image"], *row["attributes"]] for row in part["rows"]]
    values = np.array([[known(value) or 0.0 for value in row] for row in rows])
    # Units differ from column to column; each is shown as a share of its largest answer.
    shares = values / np.maximum(values.max(axis=0, initial=0.0), 1e-12)
    names = [shortened(row["name"], 16) for row in part["rows"]]
    svg = heat_map.draw(shares, names, columns, page.t("move.perturbation_label"))
    strongest = int(values[:, 0].argmax())
    alt = page.t(
        "move.perturbation_alt",
        model=name,
        dimension=names[strongest],
        change=estimate_text(rows[strongest][0]),
    )
    caption = page.t("move.perturbation_caption", model=name, noise=number(part["noise"]))
    header = (
        page.t("column.dimension"),
        page.t("column.image"),
        *(
            f"{shortened(attribute, 16)} ({page.t.known(f'unit_short.{unit}', unit)})"
            for attribute, unit in zip(part["attributes"], part["units"], strict=True)
        ),
    )
    cells = tuple(
        (text(row_name), *(estimate(value) for value in row))
        for row_name, row in zip(names, rows, strict=True)
    )
    table = Table(caption, header, cells, page.interval_note(value for row in rows for value in row))
    return page.drawing(f"perturbation-{key}", svg, alt, caption, table)


def _scale(images: np.ndarray[Any, Any]) -> float:
    return max(1.0, round(SHOWN_SIDE / images.shape[-1], 2))


SECTIONS = (Section("moves", build, place=210, below="details"),)
