"""A mixture beside a model's bound on the likelihood, with its components."""

from typing import Any

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, side_of_zero
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.sections.section import missing, titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.on_request.applications import Mixture

SHOWN_SIDE = 48
COLUMNS = 8


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the part with sentence, pictures of components and table; none where nobody asked."""
    part = model.get("mixture")
    title, found = page.t("mixture.title"), recorded(part)
    if found is None:
        why = page.absent(part) if part else None
        return [titled(title, why)] if why else missing(page, title, ["mixture"], model)
    word = {1: "better", -1: "worse", 0: "alike"}[side_of_zero(found["difference"])]
    if word == "worse" and found["exact"]:
        word = "worse_exactly"
    lines = [
        page.t(
            f"mixture.{found['pixels']}",
            components=number(found["components"]),
            dimensions=number(found["dimensions"]),
            fitted=number(found["fitted_images"]),
        ),
        page.t(
            f"mixture.{word}",
            difference=estimate_text(found["difference"]),
            images=number(found["difference"]["n"]),
        ),
    ]
    figures = [_components(page, model, found)] if page.shows_images else []
    return [titled(title, " ".join(lines), figures, _table(page, model, found))]


def _table(page: Page, model: Model, found: Mixture) -> Table:
    bound = "mixture.exact" if found["exact"] else "mixture.bound"
    rows = [
        (Cell("text", page.t("mixture.mixture")), estimate(found["mixture"])),
        (Cell("text", page.t("mixture.elbo")), estimate(found["elbo"])),
        (Cell("text", page.t(bound, draws=number(found["draws"]))), estimate(found["bound"])),
        (Cell("text", page.t("mixture.difference")), estimate(found["difference"])),
    ]
    rows += [
        (
            Cell("text", page.t("mixture.candidate", components=number(row["components"]))),
            numeral(row["log_likelihood"]),
        )
        for row in found["candidates"]
    ]
    return Table(
        page.t("mixture.caption", model=shortened(model["name"])),
        (page.t("mixture.figure"), page.t("mixture.nats")),
        tuple(rows),
        page.interval_note([found["mixture"]]),
    )


def _components(page: Page, model: Model, found: Mixture) -> Figure:
    means = page.array(found["means"])
    counts = {"n": number(len(means)), "of": number(found["components"])}
    return page.picture(
        f"mixture-{page.model_key(model['name'])}",
        image_files.grid(means, min(COLUMNS, len(means))),
        page.t("mixture.means_alt", **counts),
        page.t("mixture.means_caption", **counts),
        max(1.0, round(SHOWN_SIDE / means.shape[-1], 2)),
    )
