"""Traversal strips: one row of a model's sprite sheet, one image a step, ready for a slider."""

import json
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Figure, Page, image_element
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.latent_space import Traversal
from latent_audit.vocabulary.record.model import Model

SHOWN_SIDE = 56


def build(page: Page, model: Model, dimension: int, place: str) -> Figure | None:
    """Returns the strip of `dimension`, or None where the model has no traversal of it.

    `place` makes the id unique where one dimension is shown twice.
    """
    traversal = recorded(model["traversal"])
    if traversal is None:
        return None
    position = next((i for i, row in enumerate(traversal["rows"]) if row["dimension"] == dimension), None)
    if position is None:
        return None
    steps = len(traversal["quantiles"])
    frames = _sheet(page, traversal)[position * steps : (position + 1) * steps]
    picture = image_files.grid(frames, steps, gap=0)
    moved = float(np.abs(frames[-1].astype(float) - frames[0].astype(float)).mean())
    moved /= 255 if frames.dtype == np.uint8 else 1
    name = shortened(traversal["rows"][position]["name"], 24)
    alt = page.t(
        "strip.alt",
        dimension=name,
        model=shortened(model["name"]),
        steps=steps,
        low=number(traversal["quantiles"][0]),
        high=number(traversal["quantiles"][-1]),
        change=f"{100 * moved:.1f}",
    )
    spoken = [
        page.t("strip.step", level=number(level), value=number(value))
        for level, value in zip(traversal["quantiles"], traversal["values"][position], strict=False)
    ]
    scale = max(1.0, round(SHOWN_SIDE / frames.shape[-1], 2))
    label = page.t("strip.slider", dimension=name)
    extra = Markup(
        f' data-steps="{steps}" data-label="{escape(label)}" data-spoken="{escape(json.dumps(spoken))}"'
    )
    identifier = f"strip-{page.model_key(model['name'])}-d{dimension}"
    page.files[f"{identifier}{picture.suffix}"] = picture.data
    body = image_element(picture, alt, scale, extra)
    caption = page.t("strip.caption", dimension=name) + page.file_names((traversal.get("files") or [])[:1])
    return Figure(f"{identifier}-{place}", body, alt, caption)


def _sheet(page: Page, traversal: Traversal) -> np.ndarray[Any, Any]:
    return page.array(traversal["sheet"])
