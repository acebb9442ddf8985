"""Latent responses of a model, and held-out images at both ends of its dimensions: what needs no label."""

from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Figure, Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.plots import heat_map
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.latent_space import LatentResponses
from latent_audit.vocabulary.record.model import Model

MAX_MATRIX = 64
SHOWN_SIDE = 40
# Of a full exchange: a dimension that is read back by less does not come back.
COMES_BACK_FROM = 1 / 2


def build(page: Page, model: Model, unclaimed: set[int]) -> dict[str, Any] | None:
    """Returns matrix, sentence and the ends of unclaimed dimensions; None where nothing was measured."""
    found = model.get("latent_responses")
    if found is None:
        return None
    names = [shortened(row["name"], 16) for row in model["dimensions"]]
    return {
        "sentence": _sentence(page, model, found, names),
        "matrix": _matrix(page, model, found, names) if len(names) <= MAX_MATRIX else None,
        "ends": _ends(page, model, found, unclaimed),
    }


def _sentence(page: Page, model: Model, found: LatentResponses, names: list[str]) -> str:
    ignored = [name for name, is_ignored in zip(names, found["ignored"], strict=True) if is_ignored]
    back = [(value or 0.0) >= COMES_BACK_FROM for value in found["comes_back"]]
    listed = page.t("word.comma").join(ignored) or page.t("responses.none")
    return page.t(
        "responses.sentence",
        model=shortened(model["name"]),
        ignored=listed,
        back=number(sum(back)),
        of=number(len(back)),
    )


def _matrix(page: Page, model: Model, found: LatentResponses, names: list[str]) -> Figure:
    values = np.clip(np.nan_to_num(np.array(found["response"], dtype=float)), 0.0, 1.0)
    caption = page.t("responses.caption", model=shortened(model["name"]), n=number(found["images"]))
    own = float(np.mean(np.diag(values))) if len(values) else 0.0
    others = values[~np.eye(len(values), dtype=bool)]
    alt = page.t(
        "responses.alt", own=number(own), others=number(float(others.mean()) if others.size else 0.0)
    )
    svg = heat_map.draw(values, names, names, page.t("responses.scale"))
    return page.drawing(f"responses-{page.model_key(model['name'])}", svg, alt, caption)


def _ends(page: Page, model: Model, found: LatentResponses, unclaimed: set[int]) -> list[Figure]:
    exemplars = found["exemplars"]
    pictures, count = page.array(exemplars["pictures"]), exemplars["images_an_end"]
    by_dimension = pictures.reshape(-1, 2 * count, *pictures.shape[1:])
    figures = []
    for place, dimension in enumerate(exemplars["dimensions"]):
        if dimension not in unclaimed:
            continue
        picture = image_files.grid(by_dimension[place], count)
        name = page.dimension_name(model, dimension)
        scale = max(1.0, round(SHOWN_SIDE / pictures.shape[-1], 2))
        figures.append(
            page.picture(
                f"ends-{page.model_key(model['name'])}-d{dimension}",
                picture,
                page.t("responses.ends_alt", dimension=name, n=count),
                page.t("responses.ends_caption", dimension=name),
                scale,
                files=page.files_of(exemplars["pictures"])[2 * count * place : 2 * count * (place + 1)],
            )
        )
    return figures
