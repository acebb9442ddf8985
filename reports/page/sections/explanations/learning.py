"""While it learns: small mappings of a model at checkpoints of its training, and the classifier's scores at its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, known, numeral, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.plots import curves, small_maps
from latent_audit.reports.page.sections.section import missing, titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.on_request.learning import ClassifierLearning, ModelLearning

Traces = list[tuple[str, Sequence[float], Sequence[float | None]]]


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the part of a model with sentence, figures and table; none where nobody asked."""
    part = model.get("learning")
    title, found = page.t("learning.title"), recorded(part)
    if found is None:
        return missing(page, title, ["learning"], model)
    key = page.model_key(model["name"])
    lines = [
        page.t(
            "learning.taken_up" if row["step"] is not None else "learning.never",
            attribute=page.called(row["attribute"]),
            dimension=page.dimension_name(model, row["dimension"]),
            step=number(row["step"]),
            uncertainty=number(row["uncertainty"]),
            limit=number(page.limit("uncertainty_min")),
        )
        for row in found["taken_up"]
    ]
    lines.append(page.t("learning.same" if found["same_weights"] else "learning.other"))
    figures = [
        _mappings(page, model, found, f"learning-{key}"),
        _causes(page, found, f"learning-causes-{key}"),
        _losses(page, found, f"learning-curves-{key}"),
    ]
    return [titled(title, " ".join(lines), figures, _table(page, model, found))]


def of_classifier(page: Page) -> dict[str, Any] | None:
    """Returns the part of the classifier, None where nobody asked."""
    title, found = page.t("learning.classifier_title"), page.audit.get("classifier_learning")
    if found is None:
        return next(iter(missing(page, title, ["learning_classifier"], None)), None)
    figures = [_sureness(page, found), _losses(page, found, "learning-curves-classifier")]
    words = page.t("learning.classifier_text", n=number(found["images"]))
    return titled(title, words, figures, _scores(page, found))


def _mappings(page: Page, model: Model, found: ModelLearning, identifier: str) -> Figure:
    matrices = [np.array(row["uncertainty"], dtype=float) for row in found["checkpoints"]]
    titles = [page.t("learning.step", step=number(row["step"])) for row in found["checkpoints"]]
    outlined = [
        (place, row["dimension"]) for place, row in enumerate(found["taken_up"]) if row["step"] is not None
    ]
    svg = small_maps.draw(
        matrices,
        titles,
        [page.called(name) for name in found["attributes"]],
        [page.dimension_name(model, index) for index in range(model["latent_dim"])],
        outlined,
    )
    caption = page.t(
        "learning.mappings_caption", model=page.called_model(model["name"]), n=number(found["images"])
    )
    alt = page.t(
        "learning.mappings_alt",
        first=number(float(matrices[0].max())),
        last=number(float(matrices[-1].max())),
        step=number(found["checkpoints"][-1]["step"]),
    )
    return page.drawing(identifier, svg, alt, caption)


def _causes(page: Page, found: ModelLearning, identifier: str) -> Figure | None:
    steps = [float(row["step"]) for row in found["checkpoints"]]
    traces: Traces = []
    for place, name in enumerate(found["attributes"]):
        values = [known(row["causes"][place]["cause"]) for row in found["checkpoints"]]
        if any(value is not None for value in values):
            traces.append((page.called(name), steps, _drawn(values)))
    if not traces:
        return None
    caption = page.t("learning.causes_caption", n=number(found["pairs"]))
    svg = curves.draw({page.t("learning.cause"): traces}, page.t("learning.steps"))
    return page.drawing(identifier, svg, caption, caption)


def _drawn(values: Sequence[float | None]) -> list[float | None]:
    """Returns values between -0.2 and 1.2: early pictures that cannot be read make quotients of noise."""
    return [None if value is None else float(np.clip(value, -0.2, 1.2)) for value in values]


def _losses(page: Page, found: ModelLearning | ClassifierLearning, identifier: str) -> Figure | None:
    traces: dict[str, Traces] = {
        shortened(name): [(shortened(name), curve["step"], curve["value"])]
        for name, curve in found["curves"].items()
        if name in ("held_out", "kl", "total", "reconstruction")
    }
    if not traces:
        return None
    points = max(len(curve["step"]) for curve in found["curves"].values())
    caption = page.t("learning.curves_caption", n=number(points))
    return page.drawing(identifier, curves.draw(traces, page.t("learning.steps")), caption, caption)


def _table(page: Page, model: Model, found: ModelLearning) -> Table:
    rows = tuple(
        (
            Cell("text", number(row["step"])),
            text(cause["attribute"]),
            text(page.dimension_name(model, cause["dimension"])),
            numeral(row["uncertainty"][place][cause["dimension"]]),
            estimate(cause["cause"]),
        )
        for row in found["checkpoints"]
        for place, cause in enumerate(row["causes"])
    )
    header = (
        page.t("learning.steps"),
        *(page.t(f"column.{key}") for key in ("attribute", "dimension")),
        "U",
        page.t("learning.cause"),
    )
    note = page.interval_note(cause["cause"] for row in found["checkpoints"] for cause in row["causes"])
    return Table(page.t("learning.caption", model=shortened(model["name"])), header, rows, note)


def _sureness(page: Page, found: ClassifierLearning) -> Figure | None:
    names = [row["attribute"] for row in found["checkpoints"][-1]["calibration"]]
    if not names:
        return None
    steps = [float(row["step"]) for row in found["checkpoints"]]
    panels: dict[str, Traces] = {}
    for key in ("accuracy", "confidence", "error"):
        title = page.t("column.calibration_error" if key == "error" else f"column.{key}")
        panels[title] = [
            (
                page.called(name),
                steps,
                [known(row["calibration"][place][key]) for row in found["checkpoints"]],
            )
            for place, name in enumerate(names)
        ]
    caption = page.t("learning.sureness_caption")
    return page.drawing(
        "learning-classifier", curves.draw(panels, page.t("learning.steps")), caption, caption
    )


def _scores(page: Page, found: ClassifierLearning) -> Table:
    sure = [{one["attribute"]: one for one in row["calibration"]} for row in found["checkpoints"]]
    rows = tuple(
        (
            Cell("text", number(row["step"])),
            text(score["attribute"]),
            text(score["statistic"]),
            estimate(score["estimate"]),
            *(
                estimate(own[score["attribute"]][key]) if score["attribute"] in own else Cell("text", "–")
                for key in ("confidence", "error")
            ),
        )
        for row, own in zip(found["checkpoints"], sure, strict=True)
        for score in row["scores"]
    )
    keys = ("attribute", "statistic", "score", "confidence", "calibration_error")
    header = (page.t("learning.steps"), *(page.t(f"column.{key}") for key in keys))
    note = page.interval_note(score["estimate"] for row in found["checkpoints"] for score in row["scores"])
    return Table(page.t("learning.classifier_caption"), header, rows, note)
