"""What an InterpretableGAN's discriminator decides by: importance, functions of attributes, decisions, pairs."""

from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, bounds, estimate, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import interval_bars, pair_maps, term_functions, waterfall
from latent_audit.reports.page.sections.section import titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.model_specific import Decision, Discriminator, PairFunction

MAX_TERMS, MAX_STEPS = 24, 8


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the parts that explain the discriminator of a lead model, each with title, text and what it shows."""
    part = recorded(model.get("discriminator"))
    if part is None:
        return []
    key = page.model_key(model["name"])
    parts = [
        ("importance", _importance(page, model, part, key)),
        ("functions", _functions(page, part, key)),
        ("decisions", _decisions(page, part, key)),
        ("pairs", _pairs(page, part, key)),
    ]
    return [
        titled(page.t(f"discriminator.{name}_title"), shown["text"], shown.get("figures", ()))
        for name, shown in parts
    ]


def _importance(page: Page, model: Model, part: Discriminator, key: str) -> dict[str, Any]:
    """A bar a term, with its interval over images and a dot for each seed that has the term."""
    seeds = [
        found
        for other in page.audit["models"]
        if other["name"] == model["name"] and (found := recorded(other.get("discriminator")))
    ]
    by_seed = {
        term["name"]: [
            value
            for found in seeds
            for row in found["terms"]
            if row["name"] == term["name"] and (value := row["importance"]["value"]) is not None
        ]
        for term in part["terms"]
    }
    terms = sorted(part["terms"], key=lambda term: -(term["importance"]["value"] or 0.0))
    bars = [
        interval_bars.Row(
            shortened(term["name"], 22), *bounds(term["importance"]), 0, tuple(by_seed[term["name"]])
        )
        for term in terms
    ]
    table = Table(
        page.t("discriminator.importance_caption"),
        tuple(page.t(f"column.{name}") for name in ("term", "importance", "by_seed")),
        tuple(
            (
                text(term["name"]),
                estimate(term["importance"]),
                Cell("prose", " · ".join(number(value) for value in by_seed[term["name"]])),
            )
            for term in terms
        ),
        page.interval_note(term["importance"] for term in terms),
    )
    alt = page.t(
        "discriminator.importance_alt",
        first=shortened(terms[0]["name"]),
        value=estimate_text(terms[0]["importance"]),
    )
    panel = interval_bars.Panel(page.t("discriminator.importance_x"), bars[:MAX_TERMS])
    drawn = interval_bars.points([panel], columns=1)
    said = page.t(
        "discriminator.importance_text",
        images=number(part["images"]),
        step=number(part["step"]),
        error=number(part["largest_sum_error"]),
        adds_up=page.t("word.yes" if part["adds_up"] else "word.no"),
        difference=number(part["captum"]["term_difference"]),
        gap=number(part["captum"]["completeness_gap"]),
        steps=number(part["captum"]["steps"]),
    )
    figure = page.drawing(
        f"discriminator-{key}", drawn, alt, page.t("discriminator.importance_caption"), table
    )
    return {"text": said, "figures": [figure]}


def _functions(page: Page, part: Discriminator, key: str) -> dict[str, Any]:
    largest = {term["name"]: term["importance"]["value"] or 0.0 for term in part["terms"]}
    functions = sorted(part["functions"], key=lambda one: -largest[one["attribute"]])
    drawn = term_functions.draw(
        [
            term_functions.TermFunction(one["attribute"], one["at"], one["labels"], one["value"], one["few"])
            for one in functions
        ][:MAX_TERMS],
        page.t("discriminator.functions_x"),
    )
    rows = [
        (
            text(one["attribute"]),
            Cell("text", page.t(f"discriminator.kind_{one['kind']}")),
            Cell("text", shortened(one["labels"][place], 24) if one["labels"] else number(at)),
            numeral(one["value"][place]),
            numeral(one["real"][place]),
            numeral(one["generated"][place]),
        )
        for one in functions
        for place, at in enumerate(one["at"])
    ]
    header = tuple(
        page.t(f"column.{name}") for name in ("attribute", "kind", "place", "logit", "real", "generated")
    )
    caption = page.t("discriminator.functions_caption")
    steepest = max(functions, key=lambda one: _range(one["value"]))
    grey = sum(sum(one["few"]) for one in functions)
    alt = page.t(
        "discriminator.functions_alt",
        attribute=shortened(steepest["attribute"]),
        low=number(min((v for v in steepest["value"] if v is not None), default=None)),
        high=number(max((v for v in steepest["value"] if v is not None), default=None)),
        grey=grey,
        places=len(rows),
    )
    figure = page.drawing(f"terms-{key}", drawn, alt, caption, Table(caption, header, tuple(rows)))
    return {
        "text": page.t("discriminator.functions_text", fewest=part["fewest_images"]),
        "figures": [figure],
    }


def _range(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return max(known, default=0.0) - min(known, default=0.0)


def _decisions(page: Page, part: Discriminator, key: str) -> dict[str, Any]:
    names = [term["name"] for term in part["terms"]]
    base = part["base"] or 0.0
    falls, rows = [], []
    for decision in part["examples"]:
        title = page.t.known(
            f"discriminator.{decision['picked'].replace(' ', '_')}", shortened(decision["picked"])
        )
        steps = _steps(decision, names, page.t("discriminator.rest"))
        falls.append(waterfall.Fall(title, base, steps))
        rows.append(
            (
                Cell("text", title),
                numeral(decision["row"]),
                numeral(decision["logit"]),
                Cell("prose", page.t("word.comma").join(f"{name} {number(step)}" for name, step in steps)),
            )
        )
    drawn = waterfall.draw(
        falls,
        page.t("discriminator.mean_of_real"),
        page.t("discriminator.this_image"),
        page.t("discriminator.logit"),
    )
    images = page.array(part["images_of_examples"])
    scale = max(1.0, round(64 / images.shape[-1], 2))
    shown = page.t("discriminator.images_caption")
    rows_shown = page.t(
        "discriminator.images_alt",
        rows=page.t("word.comma").join(f"{number(one['row'])}" for one in part["examples"]),
    )
    pictures = page.picture(
        f"decided-{key}",
        image_files.grid(images, max(1, len(images))),
        rows_shown,
        shown,
        scale,
        files=page.files_of(part["images_of_examples"]),
    )
    first, last = part["examples"][0], part["examples"][-1]
    alt = page.t(
        "discriminator.decisions_alt",
        base=number(part["base"]),
        high=number(first["logit"]),
        low=number(last["logit"]),
    )
    caption = page.t("discriminator.decisions_caption")
    header = tuple(page.t(f"column.{name}") for name in ("decision", "row", "logit", "terms"))
    figure = page.drawing(f"decisions-{key}", drawn, alt, caption, Table(caption, header, tuple(rows)))
    return {
        "text": page.t("discriminator.decisions_text", base=number(part["base"])),
        "figures": [pictures, figure],
    }


def _steps(decision: Decision, names: list[str], rest: str) -> list[tuple[str, float]]:
    """Returns the largest terms of a decision by name, largest first, and the sum of all others as one."""
    terms = [value or 0.0 for value in decision["terms"]]
    order = np.argsort(-np.abs(terms), kind="stable").tolist()
    shown = [(shortened(names[place], 24), terms[place]) for place in order[:MAX_STEPS]]
    others = [terms[place] for place in order[MAX_STEPS:]]
    return [*shown, (rest, sum(others))] if others else shown


def _pairs(page: Page, part: Discriminator, key: str) -> dict[str, Any]:
    counted = {"tried": number(part["pairs_tried"]), "images": number(part["pairs_tried_on"])}
    if not part["pairs"]:
        return {"text": page.t("discriminator.no_pairs", **counted)}
    caption = page.t("discriminator.pairs_caption")
    first = part["pairs"][0]
    alt = page.t(
        "discriminator.pairs_alt",
        first=shortened(first["first"]),
        second=shortened(first["second"]),
        taken=number(first["taken"]),
    )
    rows = tuple(
        (
            text(f"{pair['first']} × {pair['second']}"),
            numeral(pair["taken"]),
            numeral(pair["standard_error"]),
        )
        for pair in part["pairs"]
    )
    header = tuple(page.t(f"column.{name}") for name in ("term", "taken", "standard_error"))
    drawn = pair_maps.draw([_map(pair) for pair in part["pairs"]])
    figure: Figure = page.drawing(f"pairs-of-{key}", drawn, alt, caption, Table(caption, header, rows))
    return {
        "text": page.t("discriminator.pairs_text", pairs=len(part["pairs"]), **counted),
        "figures": [figure],
    }


def _map(pair: PairFunction) -> pair_maps.PairMap:
    return pair_maps.PairMap(
        f"{pair['first']} × {pair['second']}",
        np.array(pair["value"], float),
        pair["first_labels"] or [number(at) for at in pair["first_at"]],
        pair["second_labels"] or [number(at) for at in pair["second_at"]],
        pair["first"],
        pair["second"],
    )
