"""Section 10: maps of the latent space, which are pictures to look at and no evidence of distance."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from latent_audit.reports.page.context import Cell, Figure, Page, Table, numeral
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.plots import latent_map
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.latent_space import Projection
from latent_audit.vocabulary.record.model import Model


def build(page: Page) -> dict[str, Any]:
    """Returns, for each lead model, the map that keeps neighbourhoods best, and how well every map does.

    The other maps are files under figures/: five maps of three models would be a fifth of the page.
    """
    models = []
    for model in page.leads:
        part = recorded(model["projections"]) or []
        absent = page.absent(model["projections"], "project", model)
        figures = [_map(page, model, row, index) for index, row in enumerate(part)]
        shown = max(range(len(part)), key=lambda index: _kept_neighbourhoods(part[index]), default=None)
        models.append(
            {
                "name": shortened(model["name"]),
                "trained": page.trained(model),
                "absent": absent,
                "figures": [] if shown is None else [figures[shown]],
                "others": _others(page, part, figures, shown),
                "files": json.dumps(
                    [shortened(name, 60) for name in page.files_of(part[0]["rows"])], ensure_ascii=False
                )
                if part
                else "[]",
                "table": None if absent else _table(page, model, part),
            }
        )
    return {"models": models}


def _kept_neighbourhoods(row: Projection) -> float:
    """Returns trustworthiness plus continuity; not defined counts as 0."""
    return (row["trustworthiness"] or 0.0) + (row["continuity"] or 0.0)


def _method(page: Page, row: Projection) -> str:
    return page.t.known(f"projection.{row['method']}", row["method"])


def _others(page: Page, part: list[Projection], figures: list[Figure], shown: int | None) -> str:
    """Returns a sentence that names the files of the maps that are not in the page, "" if there are none."""
    names = [
        f"figures/{figure.identifier}.svg ({_method(page, row)})"
        for index, (row, figure) in enumerate(zip(part, figures, strict=True))
        if index != shown
    ]
    return page.t("map.others", names=page.t("word.comma").join(names)) if names else ""


def _map(page: Page, model: Model, row: Projection, index: int) -> Figure:
    coordinates, values = page.array(row["coordinates"]), page.array(row["values"])
    solid = coordinates.shape[1] == 3
    places = latent_map.seen_from_the_side(coordinates) if solid else coordinates
    panels = [
        latent_map.Panel(
            shortened(a["name"]),
            values[:, column],
            tuple(shortened(c, 14) for c in a["classes"]),
            a["kind"] == "cyclic",
        )
        for column, a in enumerate(page.attributes[: values.shape[1]])
    ]
    ranges = [(abs(_best_correlation(coordinates, panel.values)), panel.name) for panel in panels]
    strength, name = max(ranges, default=(0.0, "–"))
    method = _method(page, row)
    alt = page.t(
        "map.alt",
        method=method,
        n=number(len(coordinates)),
        attribute=name,
        value=number(strength),
        trust=number(row["trustworthiness"]),
        continuity=number(row["continuity"]),
    )
    view = page.t("map.view", azimuth=latent_map.AZIMUTH, elevation=latent_map.ELEVATION) if solid else ""
    caption = page.t(
        "map.caption" if row["seed"] is None else "map.caption_of_seed",
        method=method,
        n=number(len(coordinates)),
        model=shortened(model["name"]),
        seed=number(row["seed"]),
    )
    drawn = page.drawing(
        f"map-{page.model_key(model['name'])}-{index + 1}",
        latent_map.draw(places, panels),
        alt,
        caption + view,
    )
    points = escape(json.dumps(latent_map.explorable(places, panels), separators=(",", ":")))
    label = escape(page.t("map.explore", method=method))
    return replace(
        drawn, body=Markup(f'<div class="map" data-label="{label}" data-map="{points}">{drawn.body}</div>')
    )


def _best_correlation(coordinates: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> float:
    """Returns the strongest rank correlation of the values with an axis of the map (m, 2 or 3)."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
    found = [0.0]
    for axis in coordinates.T:
        places = np.argsort(np.argsort(axis, kind="stable"), kind="stable").astype(float)
        if len(ranks) > 2 and values.std() > 0:
            found.append(float(np.corrcoef(ranks, places)[0, 1]))
    return max(found, key=abs)


def _table(page: Page, model: Model, rows: list[Projection]) -> Table:
    cells = []
    for row in rows:
        clusters = recorded(row["clusters"])
        agree = (
            sorted(clusters["adjusted_rand"].items(), key=lambda pair: -(pair[1] or 0))[:4]
            if clusters
            else []
        )
        cells.append(
            (
                Cell("text", _method(page, row)),
                numeral(row["components"]),
                numeral(row["seed"]),
                numeral(row["trustworthiness"]),
                numeral(row["continuity"]),
                numeral(clusters["count"] if clusters else None),
                numeral(clusters["silhouette"] if clusters else None),
                Cell(
                    "prose",
                    page.t("word.comma").join(f"{shortened(n, 20)} {number(v)}" for n, v in agree) or "–",
                ),
            )
        )
    keys = ("method", "components", "seed", "trustworthiness", "continuity", "clusters", "silhouette", "rand")
    return Table(
        page.t("map.table_caption", model=shortened(model["name"])),
        tuple(page.t(f"column.{k}") for k in keys),
        tuple(cells),
    )


SECTIONS = (Section("maps", build, place=100, below="models"),)
