"""The models, one line each: what they were trained with, reconstruction, active dimensions, two pictures."""

from typing import Any

from markupsafe import Markup

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Page, image_element
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.sections.section import Section
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.verdicts import NOT_SUPPORTED, SUPPORTED

SIDE = 64


def build(page: Page) -> dict[str, Any]:
    """Returns one line for each lead model."""
    return {"lines": [_line(page, model) for model in page.leads]}


def _line(page: Page, model: Model) -> dict[str, Any]:
    fitness = model["fitness"]
    facts = page.t(
        "model.facts",
        reconstruction=estimate_text(fitness["reconstruction"]),
        active=number(fitness["active_units"]),
        of=number(model["latent_dim"]),
    )
    if "chosen_by" in model:
        facts += f" · {page.t('model.one_by_one', n=number(len(model['dimensions'])))}"
    return {
        "key": f"model-{page.model_key(model['name'])}",
        "name": page.called_model(model["name"]),
        "own": model["name"],
        "trained": page.trained(model),
        "facts": facts,
        "state": page.t("model.collapsed" if fitness["collapsed"] else "model.whole"),
        "mark": NOT_SUPPORTED if fitness["collapsed"] else SUPPORTED,
        "pair": _pair(page, model),
    }


def _pair(page: Page, model: Model) -> Markup | None:
    """Returns an original and its reconstruction."""
    reference = recorded(model["fitness"]["reconstruction_pairs"])
    if reference is None or not page.shows_images:
        return None
    images = page.array(reference)
    if len(images) < 2:
        return None
    picture = image_files.grid(images[[0, 1]], 2)
    alt = " ".join(
        (page.t("model.pair", model=page.called_model(model["name"])), *page.files_of(reference)[:1])
    )
    return image_element(picture, alt, max(1, round(SIDE / images.shape[-1])))


SECTIONS = (Section("models", build, place=60),)
