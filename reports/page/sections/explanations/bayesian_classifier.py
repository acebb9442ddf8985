"""The attribute classifier with a posterior over its weights: calibration, what it does not know, and maps."""

from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, text
from latent_audit.reports.page.heat_pictures import overlays
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.classifier import Calibration
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.on_request.bayesian_classifier import (
    BayesianClassifier,
    MapOverDraws,
    UncertainImages,
)

SHOWN_MAPS = 8
SHOWN_SIDE = 64


def build(page: Page) -> dict[str, Any] | None:
    """Returns sentences, tables, pictures and maps; None where no such classifier was asked for."""
    found = page.audit.get("bayesian_classifier")
    failed = page.failure("bayesian_classifier", None)
    if found is None:
        return {"absent": failed} if failed else None
    galleries = [
        _gallery(page, found[key], key) for key in ("most_mutual", "most_expected") if page.shows_images
    ]
    return {
        "absent": None,
        "lines": _lines(page, found),
        "tables": [
            table
            for table in (_scores(page, found), _calibration(page, found), _uncertainty(page, found))
            if table
        ],
        "galleries": [figure for figure in galleries if figure is not None],
        "maps": [_map(page, row, place) for place, row in enumerate(found["maps"][:SHOWN_MAPS])],
    }


def _lines(page: Page, found: BayesianClassifier) -> list[str]:
    lines = [
        page.t(
            f"bayesian.weights_{found['weights']}",
            n=number(found["uncertain_weights"]),
            prior=number(found["prior_deviation"]),
            kl=number(found["kl_nats"]),
            draws=number(found["draws"]),
        )
    ]
    lines += [
        page.t(
            "bayesian.split",
            attribute=page.called(row["attribute"]),
            total=estimate_text(row["total"]),
            expected=estimate_text(row["expected"]),
            mutual=estimate_text(row["mutual"]),
        )
        for row in found["uncertainty"]
        if row["classes"] is not None
    ]
    return lines


def _scores(page: Page, found: BayesianClassifier) -> Table:
    plain = recorded(page.audit["classifier"])
    known = {(row["attribute"], row["statistic"]): row for row in (plain["scores"] if plain else ())}
    rows = []
    for row in found["scores"]:
        other = known.get((row["attribute"], row["statistic"]))
        rows.append(
            (
                text(row["attribute"]),
                text(row["statistic"]),
                estimate(other["estimate"]) if other else Cell("text", "–"),
                estimate(row["estimate"]),
                numeral(row["chance"]),
            )
        )
    keys = ("attribute", "statistic")
    header = (
        *(page.t(f"column.{key}") for key in keys),
        page.t("bayesian.plain"),
        page.t("bayesian.mean_prediction"),
        page.t("column.chance"),
    )
    note = page.interval_note(row["estimate"] for row in found["scores"])
    return Table(page.t("bayesian.scores_caption"), header, tuple(rows), note)


def _calibration(page: Page, found: BayesianClassifier) -> Table | None:
    if not found["calibration"]:
        return None
    plain = recorded(page.audit["classifier"])
    known = {row["attribute"]: row for row in (plain.get("calibration", ()) if plain else ())}

    def cells(name: str, row: Calibration | None, reader: str) -> tuple[Cell, ...]:
        figures = (
            (estimate(row["confidence"]), estimate(row["accuracy"]), estimate(row["error"]))
            if row
            else (Cell("text", "–"),) * 3
        )
        by_chance = numeral(row["error_by_chance"]) if row else Cell("text", "–")
        return (text(name), Cell("text", page.t(f"bayesian.{reader}")), *figures, by_chance)

    rows = tuple(
        cells(row["attribute"], one, reader)
        for row in found["calibration"]
        for one, reader in ((known.get(row["attribute"]), "plain"), (row, "mean_prediction"))
    )
    keys = ("confidence", "accuracy", "calibration_error", "by_chance")
    header = (
        page.t("column.attribute"),
        page.t("bayesian.classifier"),
        *(page.t(f"column.{key}") for key in keys),
    )
    note = page.interval_note(row["error"] for row in found["calibration"])
    return Table(page.t("bayesian.calibration_caption"), header, rows, note)


def _uncertainty(page: Page, found: BayesianClassifier) -> Table:
    rows = tuple(
        (
            text(row["attribute"]),
            numeral(None if row["classes"] is None else float(np.log(row["classes"]))),
            estimate(row["total"]),
            estimate(row["expected"]),
            estimate(row["mutual"]),
            estimate(row["deviation"]),
        )
        for row in found["uncertainty"]
    )
    keys = ("largest", "total", "expected", "mutual", "deviation")
    header = (page.t("column.attribute"), *(page.t(f"bayesian.{key}") for key in keys))
    note = page.interval_note(row[name] for row in found["uncertainty"] for name in ("total", "deviation"))
    return Table(page.t("bayesian.uncertainty_caption", n=number(found["images"])), header, rows, note)


def _gallery(page: Page, images: UncertainImages | None, key: str) -> Figure | None:
    if images is None or not images["rows"]:
        return None
    pictures = page.array(images["pictures"])
    table = Table(
        page.t(f"bayesian.{key}"),
        (page.t("column.image"), page.t("bayesian.expected"), page.t("bayesian.mutual")),
        tuple(
            (Cell("text", str(row)), numeral(expected), numeral(mutual))
            for row, expected, mutual in zip(
                images["rows"], images["expected"], images["mutual"], strict=True
            )
        ),
    )
    alt = page.t(
        f"bayesian.{key}_alt",
        n=len(pictures),
        expected=number(images["expected"][0]),
        mutual=number(images["mutual"][0]),
    )
    return page.picture(
        f"bayesian-{key.replace('_', '-')}",
        image_files.grid(pictures, len(pictures)),
        alt,
        page.t(f"bayesian.{key}"),
        max(1.0, round(SHOWN_SIDE / pictures.shape[-1], 2)),
        table,
        page.files_of(images["pictures"]),
    )


def _map(page: Page, row: MapOverDraws, place: int) -> Figure:
    """Returns each image with the mean map, its standard deviation, and the mean where the sign is certain."""
    images = page.array(row["images"])
    mean, deviation, certain = (
        page.array(row["mean"]).astype(float),
        page.array(row["deviation"]).astype(float),
        page.array(row["certain"]),
    )
    beside = [overlays(images, values) for values in (mean, deviation, np.where(certain, mean, 0.0))]
    tiles = [
        tile
        for index in range(len(images))
        for tile in (beside[0][2 * index], *(maps[2 * index + 1] for maps in beside))
    ]
    response = shortened(row["response"])
    alt = page.t("bayesian.map_alt", response=response, share=estimate_text(row["certain_share"]))
    return page.picture(
        f"bayesian-map-{place + 1}",
        image_files.grid(np.stack(tiles), 4 * min(len(images), 3)),
        alt,
        page.t("bayesian.map_caption", response=response, method=shortened(row["method"])),
        max(1.0, round(SHOWN_SIDE / images.shape[-1], 2)),
        files=page.files_of(row["images"]),
    )
