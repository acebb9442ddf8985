"""A class left out of training: how well its images are found, and galleries of anomalous and usual images."""

from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, side_of_zero, text
from latent_audit.reports.page.heat_pictures import overlays
from latent_audit.reports.page.image_files import as_bytes
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.sections.section import missing, titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.on_request.applications import LeftOut, StrangeImages

SHOWN_SIDE = 64
CHANCE = 1 / 2  # AUROC


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the part with sentence, galleries and table; none where nobody asked."""
    title, found = page.t("left_out.title"), recorded(model.get("left_out"))
    if found is None:
        return missing(page, title, ["leave_out"], model)
    class_name = f"{page.called(found['attribute'])} = {found['value']}"
    row = next(row for row in found["scores"] if row["score"] == found["judged_by"])
    pca = next(row for row in found["scores"] if row["above_pca"] is None)
    word = {1: "better", -1: "worse", 0: "alike"}[side_of_zero(row["above_pca"])]
    hits = sum(image["left_out"] for image in found["most_anomalous"]["images"])
    words = page.t(
        "left_out.text",
        class_name=class_name,
        training=number(found["training_images"]),
        n=number(found["left_out_images"]),
        of=number(found["images"]),
        score=page.t.known(f"anomaly.{row['score']}", row["score"]),
        auroc=estimate_text(row["auroc"]),
        pca=estimate_text(pca["auroc"]),
        verdict=page.t(f"left_out.{word}", difference=estimate_text(row["above_pca"])),
        hits=number(hits),
        shown=number(len(found["most_anomalous"]["images"])),
    )
    if (row["auroc"]["high"] or 0.0) < CHANCE:
        words += " " + page.t("left_out.below_chance")
    figures = (
        [_gallery(page, model, found[key], key, class_name) for key in ("most_anomalous", "usual")]
        if page.shows_images
        else []
    )
    return [titled(title, words, figures, _table(page, model, found))]


def _table(page: Page, model: Model, found: LeftOut) -> Table:
    header = (page.t("column.score"), page.t("column.auroc"), page.t("left_out.above_pca"))
    rows = tuple(
        (
            Cell("text", page.t.known(f"anomaly.{row['score']}", row["score"])),
            estimate(row["auroc"]),
            estimate(row["above_pca"]),
        )
        for row in found["scores"]
    )
    note = page.interval_note(row["auroc"] for row in found["scores"])
    return Table(page.t("left_out.caption", model=shortened(model["name"])), header, rows, note)


def _gallery(page: Page, model: Model, found: StrangeImages, key: str, class_name: str) -> Figure:
    """Returns each image above its reconstruction and above where the two differ."""
    images = page.array(found["pictures"])
    rebuilt = page.array(found["rebuilt"])
    off = np.abs(as_bytes(images).astype(float) - as_bytes(rebuilt)).mean(axis=-1)
    where = overlays(images, off)
    tiles = [_in_colour(as_bytes(images)), _in_colour(as_bytes(rebuilt)), _in_colour(as_bytes(where))]
    differing = tiles[2][np.arange(1, len(where), 2)]
    sheet = np.concatenate([tiles[0], tiles[1], differing]).transpose(0, 3, 1, 2)
    table = Table(
        page.t(f"left_out.{key}"),
        (
            page.t("column.image"),
            page.t("column.score"),
            class_name,
            page.t("column.dimension"),
            page.t("left_out.deviations"),
        ),
        tuple(
            (
                Cell("text", str(image["row"])),
                numeral(image["score"]),
                Cell("text", page.t("word.yes" if image["left_out"] else "word.no")),
                text(page.dimension_name(model, image["dimension"])),
                numeral(image["deviations"]),
            )
            for image in found["images"]
        ),
    )
    alt = page.t(
        "left_out.gallery_alt",
        n=number(len(images)),
        hits=number(sum(image["left_out"] for image in found["images"])),
        class_name=class_name,
    )
    return page.picture(
        f"left-out-{key.replace('_', '-')}-{page.model_key(model['name'])}",
        image_files.grid(sheet, len(images)),
        alt,
        page.t(f"left_out.{key}"),
        max(1.0, round(SHOWN_SIDE / images.shape[-1], 2)),
        table,
        page.files_of(found["pictures"]),
    )


def _in_colour(tiles: image_files.Bytes3) -> image_files.Bytes3:
    """Returns tiles (n, h, w, 3) of grey or coloured ones."""
    return np.repeat(tiles, 3, axis=-1) if tiles.shape[-1] == 1 else tiles
