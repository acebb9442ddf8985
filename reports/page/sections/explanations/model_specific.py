"""What only this kind of model can show, beside its fitness: named dimensions, components, attention, doubt, labels."""

from collections.abc import Callable
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, bounds, estimate, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number, percent
from latent_audit.reports.page.plots import curves, interval_bars
from latent_audit.reports.page.sections.section import titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.model_specific import (
    Attention,
    DecoderAttention,
    Information,
    LabelEfficiency,
    Mixture,
    NamedDimension,
    Uncertainty,
)

# What a part shows: figures and a table.
Shown = dict[str, Any]
LEARNERS: tuple[Literal["model", "cnn", "baseline"], ...] = ("model", "cnn", "baseline")


def build(page: Page, model: Model) -> list[Shown]:
    """Returns the parts of one lead model in a fixed order, each with title, text, and what it shows; often none."""
    parts = model.get("particulars")
    if parts is None or page.absent(parts):
        return []
    key = page.model_key(model["name"])
    shown = [
        (name, show(page, model, part, key)) for name, show in _PARTS.items() if (part := parts.get(name))
    ]
    return [
        titled(
            page.t(f"particular.{part}_title"),
            page.t(f"particular.{part}_text"),
            made.get("figures", ()),
            made.get("table"),
        )
        for part, made in shown
    ]


def _named(page: Page, model: Model, rows: list[NamedDimension], key: str) -> Shown:
    header = tuple(page.t(f"column.{name}") for name in ("attribute", "statistic", "score", "chance"))
    cells = tuple(
        (text(r["attribute"]), text(r["statistic"]), estimate(r["estimate"]), numeral(r["chance"]))
        for r in rows
    )
    caption = page.t("particular.named_caption", model=shortened(model["name"]))
    return {"table": Table(caption, header, cells, page.interval_note(r["estimate"] for r in rows))}


def _mixture(page: Page, model: Model, part: Mixture, key: str) -> Shown:
    names = sorted({name for row in part["components"] for name in row["classes"]})
    header = (page.t("column.component"), page.t("column.weight"), page.t("column.images_share"))
    rows = tuple(
        (
            Cell("text", str(row["index"] + 1)),
            numeral(row["weight"]),
            numeral(row["share"]),
            *(
                Cell("text", f"{shortened(row['classes'][name], 24)} {percent(row['class_shares'][name])}")
                for name in names
            ),
        )
        for row in part["components"]
    )
    purity = page.t("word.semicolon").join(
        page.t(
            "particular.purity",
            attribute=shortened(row["attribute"]),
            value=estimate_text(row["estimate"]),
            chance=number(row["chance"]),
        )
        for row in part["purity"]
    )
    caption = page.t("particular.mixture_caption", model=shortened(model["name"]))
    table = Table(
        page.t("particular.components_caption", model=shortened(model["name"])),
        (*header, *(shortened(name, 24) for name in names)),
        rows,
        page.interval_note(row["estimate"] for row in part["purity"]),
    )
    images = page.array(part["samples"])
    columns = max(1, len(images) // max(1, len(part["components"])))
    alt = page.t(
        "particular.mixture_alt",
        used=part["used"],
        of=part["of"],
        purity=purity or page.t("particular.no_classes"),
    )
    scale = max(1.0, round(40 / images.shape[-1], 2))
    picture = page.picture(f"components-{key}", image_files.grid(images, columns), alt, caption, scale)
    return {"figures": [picture], "table": table}


def _attention(page: Page, model: Model, part: Attention, key: str) -> Shown:
    parts: list[tuple[str, Attention | DecoderAttention]] = [("attention", part)]
    if "decoder" in part:
        parts.append(("attention_decoder", part["decoder"]))
    figures = []
    for name, found in parts:
        alt = page.t(
            f"particular.{name}_alt",
            reach=estimate_text(found["reach"]),
            uniform=number(found["uniform_reach"]),
            strength=number(found["strength"]),
        )
        caption = page.t(f"particular.{name}_caption", model=shortened(model["name"]))
        figures.append(
            _maps(page, f"{name.replace('_', '-')}-{key}", found["images"], (found["maps"],), alt, caption)
        )
    return {"figures": figures}


def _uncertainty(page: Page, model: Model, part: Uncertainty, key: str) -> Shown:
    alt = page.t(
        "particular.uncertainty_alt",
        weights=_hundredfold(part["weights"]),
        latents=_hundredfold(part["latents"]),
        share=estimate_text(part["weights_share"]),
    )
    caption = page.t("particular.uncertainty_caption", model=shortened(model["name"]))
    references = (part["weight_maps"], part["latent_maps"])
    return {"figures": [_maps(page, f"doubt-{key}", part["images"], references, alt, caption)]}


def _hundredfold(value: Estimate) -> str:
    """Returns an estimate of a small share as a number of percent, so that its digits are seen."""
    mean, low, high = (
        None if part is None else 100 * part for part in (value["value"], value["low"], value["high"])
    )
    return estimate_text({**value, "value": mean, "low": low, "high": high})


def _maps(
    page: Page, identifier: str, images: ArrayFile, references: tuple[ArrayFile, ...], alt: str, caption: str
) -> Figure:
    """Draws images in one row and each set of maps in a row under them; all maps share one scale of colours."""
    pictures = image_files.as_bytes(page.array(images))
    pictures = np.repeat(pictures, 3, axis=-1) if pictures.shape[-1] == 1 else pictures
    maps = [page.array(reference).astype(float) for reference in references]
    most = max(float(values.max()) for values in maps) or 1.0
    rows = [pictures, *(_coloured(values / most) for values in maps)]
    tiles = np.moveaxis(np.concatenate(rows), -1, 1)
    scale = max(1.0, round(56 / tiles.shape[-1], 2))
    grid = image_files.grid(tiles, len(pictures))
    return page.picture(identifier, grid, alt, caption, scale, files=page.files_of(images))


def _coloured(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.round(mpl.colormaps["cividis"](np.clip(values, 0, 1))[..., :3] * 255).astype(np.uint8)


def _information(page: Page, model: Model, part: Information, key: str) -> Shown:
    capacity, kl = part["capacity_nats"], np.asarray(part["kl_nats"], float)
    order = np.argsort(-kl[-1], kind="stable")[:5]
    traces = [(page.dimension_name(model, int(j)), capacity, kl[:, j].tolist()) for j in order]
    title = page.t("particular.information_title")
    drawn = curves.draw({title: traces}, page.t("particular.information_x"))
    alt = page.t(
        "particular.information_alt",
        active=int((kl[-1] > page.limit("unused_kl_nats")).sum()),
        capacity=number(capacity[-1]),
        first=traces[0][0],
        value=number(traces[0][2][-1]),
    )
    caption = page.t("particular.information_caption", model=shortened(model["name"]))
    header = (page.t("column.dimension"), *(number(capacity[i]) for i in (0, len(capacity) // 2, -1)))
    rows = tuple(
        (text(page.dimension_name(model, j)), *(numeral(kl[i, j]) for i in (0, len(capacity) // 2, -1)))
        for j in range(kl.shape[1])
    )
    return {
        "figures": [page.drawing(f"information-{key}", drawn, alt, caption, Table(caption, header, rows))]
    }


def _label_efficiency(page: Page, model: Model, part: LabelEfficiency, key: str) -> Shown:
    # Earlier files have no CNN.
    learners = [name for name in LEARNERS if all(name in row for row in part["shares"])]
    rows = []
    for row in part["shares"]:
        share = percent(row["share"])
        for group, name in enumerate(learners):
            label = f"{share} · {page.t(f'particular.labels_{name}_short')}"
            rows.append(interval_bars.Row(label, *bounds(row[name]), group))
    least = part["shares"][0]
    alt = page.t(
        "particular.label_efficiency_alt",
        attribute=shortened(part["attribute"]),
        share=percent(least["share"]),
        images=number(least["labelled_images"]),
        model=estimate_text(least["model"]),
        baseline=estimate_text(least["baseline"]),
        chance=number(part["chance"]),
    )
    caption = page.t("particular.label_efficiency_caption", model=shortened(model["name"]))
    header = tuple(
        page.t(name)
        for name in (
            "column.labelled_share",
            "column.images",
            *(f"particular.labels_{name}" for name in learners),
        )
    )
    cells = tuple(
        (
            Cell("text", percent(r["share"])),
            numeral(r["labelled_images"]),
            *(estimate(r[name]) for name in learners),
        )
        for r in part["shares"]
    )
    note = page.interval_note(r[name] for r in part["shares"] for name in learners)
    drawn = interval_bars.bars(rows, page.t("particular.label_efficiency_x"), width=340)
    table = Table(caption, header, cells, note)
    return {"figures": [page.drawing(f"labels-{key}", drawn, alt, caption, table)]}


_PARTS: dict[str, Callable[[Page, Model, Any, str], Shown]] = {
    "named": _named,
    "label_efficiency": _label_efficiency,
    "mixture": _mixture,
    "attention": _attention,
    "uncertainty": _uncertainty,
    "information": _information,
}
