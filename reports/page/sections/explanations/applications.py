"""What a latent space is good for, measured: telling strange images, compressing, teaching a probe."""

from typing import Any, Literal

from latent_audit.reports.page.context import (
    Cell,
    Figure,
    Page,
    Table,
    bounds,
    estimate,
    numeral,
    side_of_zero,
    text,
)
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import interval_curves
from latent_audit.reports.page.plots.interval_curves import Curve
from latent_audit.reports.page.sections.explanations import augmented_cnn, left_out
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.applications import (
    AnomalyDetection,
    Applications,
    Augmentation,
    Compression,
    CompressionCurves,
    CompressionPoint,
)
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model

KINDS: tuple[Literal["precision", "size"], ...] = ("precision", "size")


def build(page: Page) -> dict[str, Any]:
    """Returns what each lead model was tried for, and their compression side by side."""
    models = [(model["name"], part) for model in page.leads if (part := recorded(model.get("uses")))]
    return {
        "models": [_model(page, model) for model in page.leads],
        "compression": _compression(page, models) if models else None,
    }


def _model(page: Page, model: Model) -> dict[str, Any]:
    part, name = recorded(model.get("uses")), shortened(model["name"])
    if part is None:
        absent = page.absent(model.get("uses"), "applications", model)
        return {"name": name, "trained": page.trained(model), "absent": absent, "parts": _parts(page, model)}
    anomaly = part["anomaly"]
    return {
        "name": name,
        "trained": page.trained(model),
        "absent": None,
        "parts": _parts(page, model),
        "anomaly": _anomaly(page, anomaly, name),
        "reading": _reading(page, anomaly),
        "without_score": page.prose(anomaly["not_applicable"]) if anomaly["not_applicable"] else None,
        "beside_pca": _beside_pca(page, part["compression"], name),
        "augmentation": _augmentation(page, part["augmentation"], name, page.model_key(model["name"])),
    }


def _parts(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns what was asked for beside the uses of every model."""
    return [*left_out.build(page, model), *augmented_cnn.build(page, model)]


def _anomaly(page: Page, part: AnomalyDetection, name: str) -> Table:
    keys = ("score", "auroc", "inside_mean", "outside_mean")
    caption = page.t(
        "use.anomaly_caption",
        model=name,
        outside=shortened(part["outside_name"], 60),
        inside_images=part["inside_images"],
        outside_images=part["outside_images"],
    )
    rows = tuple(
        (
            Cell("text", page.t.known(f"anomaly.{row['score']}", row["score"])),
            estimate(row["auroc"]),
            estimate(row["inside"]),
            estimate(row["outside"]),
        )
        for row in part["scores"]
    )
    note = page.interval_note(
        {
            page.t("column.auroc"): [row["auroc"] for row in part["scores"]],
            page.t("column.inside_mean"): [row["inside"] for row in part["scores"]],
            page.t("column.outside_mean"): [row["outside"] for row in part["scores"]],
        }
    )
    return Table(caption, tuple(page.t(f"column.{key}") for key in keys), rows, note)


def _reading(page: Page, part: AnomalyDetection) -> str | None:
    """Returns what the table shows of plain likelihood, None where the model has none."""
    if part["likelihood_misleads"] is None:
        return None
    return page.t("use.likelihood_misleads" if part["likelihood_misleads"] else "use.likelihood_holds")


def _compression(page: Page, models: list[tuple[str, Applications]]) -> Figure:
    coded: list[tuple[str, CompressionCurves]] = [(name, part["compression"]) for name, part in models]
    coded += _pca_curves(page, [part["compression"] for _, part in models])
    panels, rows = {}, []
    for kind in KINDS:
        panels[page.t(f"use.{kind}")] = [
            Curve(shortened(name), [_rate(point) for point in curves[kind]]) for name, curves in coded
        ]
        rows += [
            (
                text(name),
                Cell("text", page.t(f"use.{kind}")),
                numeral(point["at"]),
                estimate(point["rate_bits"]),
                estimate(point["distortion"]),
                numeral(point["peak_signal_to_noise"]),
            )
            for name, curves in coded
            for point in curves[kind]
        ]
    best, part = min(
        models, key=lambda model: bounds(model[1]["compression"]["precision"][-1]["distortion"])[0]
    )
    finest = part["compression"]["precision"][-1]
    alt = page.t(
        "use.compression_alt",
        model=shortened(best),
        rate=estimate_text(finest["rate_bits"]),
        distortion=estimate_text(finest["distortion"]),
        raw=number(part["compression"]["raw_bits"]),
    )
    keys = ("model", "curve", "at", "rate_bits", "distortion", "signal_to_noise")
    note = page.interval_note(
        point["rate_bits"] for _, part in models for point in part["compression"]["size"]
    )
    caption = page.t("use.compression_caption")
    table = Table(caption, tuple(page.t(f"column.{key}") for key in keys), tuple(rows), note)
    svg = interval_curves.draw(panels, page.t("column.rate_bits"), page.t("column.distortion"))
    return page.drawing("compression", svg, alt, caption, table)


def _pca_curves(page: Page, parts: list[Compression]) -> list[tuple[str, CompressionCurves]]:
    """Returns the curves of PCA, one for each number of dimensions that models have."""
    found: dict[int, CompressionCurves] = {}
    for part in parts:
        if "pca" in part:
            found.setdefault(part["pca"]["differences"][-1]["dimensions"], part["pca"]["curves"])
    return [(page.t("use.pca", n=number(size)), curves) for size, curves in sorted(found.items())]


def _beside_pca(page: Page, part: Compression, name: str) -> dict[str, Any] | None:
    """Returns which of model and PCA comes closer to the images with as many numbers, and by how much at each size."""
    if "pca" not in part:
        return None
    pca, sizes = part["pca"], [row for row in part["pca"]["differences"] if row["dimensions"]]
    ours, theirs = ({point["at"]: point for point in curves["size"]} for curves in (part, pca["curves"]))
    last = sizes[-1]
    word = {-1: "closer", 1: "further", 0: "alike"}[side_of_zero(last["distortion"])]
    sentence = page.t(
        f"use.pca_{word}",
        model=name,
        n=number(last["dimensions"]),
        ours=estimate_text(ours[last["dimensions"]]["distortion"]),
        theirs=estimate_text(theirs[last["dimensions"]]["distortion"]),
        difference=estimate_text(last["distortion"]),
        bits=estimate_text(last["rate_bits"]),
        images=number(last["distortion"]["n"]),
        fitted=number(pca["fitted_images"]),
    )
    header = ("dimensions", "distortion_model", "distortion_pca", "distortion_difference", "rate_difference")
    rows = tuple(
        (
            numeral(row["dimensions"]),
            estimate(ours[row["dimensions"]]["distortion"]),
            estimate(theirs[row["dimensions"]]["distortion"]),
            estimate(row["distortion"]),
            estimate(row["rate_bits"]),
        )
        for row in sizes
    )
    table = Table(
        page.t("use.pca_caption", model=name),
        tuple(page.t(f"use.{key}") for key in header),
        rows,
        page.interval_note(row["distortion"] for row in sizes),
    )
    return {"text": sentence, "table": table}


def _rate(point: CompressionPoint) -> tuple[float | None, float | None, float | None, float | None]:
    found = point["distortion"]
    return point["rate_bits"]["value"], found["value"], found["low"], found["high"]


def _augmentation(page: Page, rows: list[Augmentation], name: str, key: str) -> Figure | None:
    curves = [row for row in rows if row["points"]]
    if not curves:
        return None
    lines = [
        Curve(
            shortened(row["meaning"], 24),
            [
                (
                    point["labelled"],
                    point["difference"]["value"],
                    point["difference"]["low"],
                    point["difference"]["high"],
                )
                for point in row["points"]
            ],
        )
        for row in curves
    ]
    points = [point for row in curves for point in row["points"]]
    helped = sum((point["difference"]["low"] or 0) > 0 for point in points)
    harmed = sum((point["difference"]["high"] or 0) < 0 for point in points)
    alt = page.t("use.augmentation_alt", model=name, helped=helped, harmed=harmed, n=len(points))
    keys = ("attribute", "labelled", "generated", "without", "with_generated", "difference")
    caption = page.t("use.augmentation_caption", model=name)
    table = Table(
        caption,
        tuple(page.t(f"column.{key}") for key in keys),
        tuple(
            (
                text(row["meaning"]),
                numeral(point["labelled"]),
                numeral(point["generated"]),
                estimate(point["without"]),
                estimate(point["with_generated"]),
                estimate(point["difference"]),
            )
            for row in curves
            for point in row["points"]
        ),
        page.interval_note(point["difference"] for point in points),
    )
    svg = interval_curves.draw(
        {line.label: [line] for line in lines[:9]},
        page.t("column.labelled"),
        page.t("use.augmentation_label"),
        logarithmic=True,
        zero_line=True,
    )
    return page.drawing(f"augmentation-{key}", svg, alt, caption, table)


SECTIONS = (Section("uses", build, place=220, below="details"),)
