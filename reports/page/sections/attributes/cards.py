"""The claims: one line for each attribute and model, which opens to its evidence."""

from typing import Any

import numpy as np

from latent_audit.reports.page.context import Cell, Figure, Page, Table, known, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.phrases import Found, found, mark_text, place_row, strip
from latent_audit.reports.page.places import place_of
from latent_audit.reports.page.plots import effect_nulls, gauge
from latent_audit.reports.page.sections.attributes import card_figures
from latent_audit.reports.page.sections.explanations import strips
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.association import Specificity
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.leads import checks_of, results
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import NOT_TESTED

# More claims than these are folded by attribute.
MAX_CLAIMS = 24
CLAIM_PICKS, CLAIM_SIDE, LARGE_SIDE = (0, 2, 4), 48, 96


def build(page: Page) -> dict[str, Any]:
    """Returns a card for each attribute and lead model, and what random directions give for each model."""
    leads = page.leads
    verdicts = {(row["model"], row["attribute"]): row for row in page.verdicts}
    cards: list[dict[str, Any]] = [
        {
            "name": shortened(attribute["name"]),
            "key": f"card-{page.attribute_key(attribute['name'])}",
            "description": page.prose(attribute["description"]),
            "kind": page.t(f"kind.{attribute['kind']}"),
            "unreadable": (
                page.prose(page.unreadable[attribute["name"]]["reason"])
                if attribute["name"] in page.unreadable
                else None
            ),
            "called": page.called(attribute["name"]),
            "models": [
                _card(page, model, attribute["name"], verdicts[model["name"], attribute["name"]])
                for model in leads
                if (model["name"], attribute["name"]) in verdicts
            ],
        }
        for attribute in page.attributes
    ]
    claims = [claim for card in cards for claim in card["models"]]
    _link(claims)
    nulls = [figure for figure in (_null(page, model) for model in leads) if figure is not None]
    return {
        "cards": cards,
        "folded": len(claims) > MAX_CLAIMS,
        "nulls": nulls,
        "gates": [_gates(page, model) for model in leads],
    }


def _link(claims: list[dict[str, Any]]) -> None:
    """Adds to each claim the ids of the one before and the one after it."""
    for claim, before, after in zip(claims, [None, *claims], [*claims[1:], None], strict=False):
        claim["before"] = before["key"] if before else None
        claim["after"] = after["key"] if after else None


def _card(page: Page, model: Model, attribute: str, verdict: Verdict) -> dict[str, Any]:
    place = f"{page.attribute_key(attribute)}-{page.model_key(model['name'])}"
    intervention = recorded(model["intervention"])
    claims = intervention["claims"] if intervention else []
    claim = next((row for row in claims if row["attribute"] == attribute), None)
    rows = recorded(model["specificity"]) or []
    specific = next((row for row in rows if row["attribute"] == attribute), None)
    dimension = verdict["dimension"]
    if dimension is None and claim:
        dimension = claim["dimension"]
    judged = {
        page.t(f"check.{check['id']}.name"): results(verdict)[check["id"]] for check in checks_of(page.audit)
    }
    checks = [
        {
            "name": name,
            "verdict": found["verdict"],
            "value": estimate_text(found["value"]),
            "statistic": shortened(found["statistic"] or ""),
            "threshold": number(found["threshold"]),
            "reason": page.prose(found["reason"]),
        }
        for name, found in judged.items()
    ]
    figures = [
        strips.build(page, model, dimension, place) if dimension is not None else None,
        card_figures.dose(page, model, attribute, claim, place),
        card_figures.effects(page, model, attribute, claim, place),
        card_figures.leakage(page, model, specific, place),
        card_figures.counter(page, verdict, place),
    ]
    shown = found(page, model, attribute)
    assert shown is not None  # a verdict is there
    return {
        "key": f"card-{place}",
        "model": shortened(model["name"]),
        "called_model": page.called_model(model["name"]),
        "verdict": verdict["verdict"],
        "word": shown.verdict,
        "phrase": shown.phrase,
        "own_effect": shown.effect,
        "strip": strip(page, shown, f"claim-{place}", CLAIM_PICKS, CLAIM_SIDE),
        "large": strip(page, shown, f"frames-{place}", side=LARGE_SIDE),
        "steps": _steps(page, shown),
        "files": _file(page, shown),
        "gauges": _gauges(page, model, attribute, verdict),
        "copied": _copied(page, shown, verdict),
        "what": _what(page, model, verdict),
        "place": place_of(page, model, attribute),
        "by_classifier": _by_classifier(page, model, verdict),
        "trained": page.trained(model),
        "given": page.was_given(model, attribute),
        "seeds": page.seed_words(verdict["model"], verdict["attribute"]),
        "note": page.interval_note({name: [found["value"]] for name, found in judged.items()}),
        "reason": page.prose(verdict["reason"]),
        "would_change": page.prose(verdict["would_change"]),
        "checks": checks,
        "figures": [figure for figure in figures if figure is not None],
        "conditioning": _conditioning(page, model, specific),
        "absent": [
            reason
            for reason in (
                page.absent(model["intervention"]),
                page.absent(model["traversal"], "traverse", model),
            )
            if reason
        ],
    }


def _by_classifier(page: Page, model: Model, verdict: Verdict) -> list[str]:
    """Returns what each of two classifiers says of a place, or of a claim where none was sought; none of one alone."""
    place = place_row(page, model, verdict["attribute"])
    if place is not None:
        own = [(row, row["reason"]["text"]) for row in place.get("by_classifier", ())]
        return [_of_classifier(page, row["classifier"], row["verdict"], why) for row, why in own]
    return [
        _of_classifier(page, row["classifier"], row["verdict"], row["reason"])
        for row in verdict.get("by_classifier", ())
    ]


def _of_classifier(page: Page, name: str, word: str, why: str) -> str:
    called = shortened(name, 24)
    return page.t(
        "card.by_classifier", classifier=called, verdict=page.t(f"verdict.{word}"), reason=page.prose(why)
    )


def _steps(page: Page, shown: Found) -> list[str]:
    """Returns what stands under each frame."""
    if shown.frames is None:
        return []
    kind = shown.frames["kind"]
    return [mark_text(page, shown.attribute, kind, mark) for mark in shown.frames["marks"]]


def _file(page: Page, shown: Found) -> tuple[str, ...]:
    """Returns the file of the held-out image that the frames are decoded from, where it has one."""
    frames = recorded(shown.model.get("frames"))
    file = None if frames is None else frames.get("file")
    return (file,) if file and shown.frames is not None and page.shows_images else ()


def _gauges(page: Page, model: Model, attribute: str, verdict: Verdict) -> list[dict[str, Any]]:
    """Returns the checks as gauges: of the place where places were measured, else of the dimension."""
    row = place_row(page, model, attribute)
    checks: Any = row["checks"] if row is not None and row["checks"] else verdict["checks"]
    found = []
    for check in (one["id"] for one in checks_of(page.audit)):
        result = checks.get(check)
        if result is None:
            continue
        value, word = recorded(result["value"]), result["verdict"]
        told = page.t(
            "claim.gauge",
            check=page.t(f"check.{check}.name"),
            value=estimate_text(value),
            limit=number(result["threshold"]),
            verdict=page.t(f"verdict.{word}"),
        )
        drawn = gauge.draw(
            value["value"] if value else None,
            value["low"] if value else None,
            value["high"] if value else None,
            result["threshold"],
            word,
            told,
        )
        found.append({"name": page.t(f"check.{check}.name"), "drawing": drawn})
    return found


def _copied(page: Page, shown: Found, verdict: Verdict) -> str:
    """Returns a claim as text for another document: the sentence, its figures, and what it rests on."""
    return page.t(
        "claim.copied",
        model=page.called_model(shown.model["name"]),
        attribute=page.called(shown.attribute),
        phrase=shown.phrase,
        verdict=page.t(f"verdict.{shown.verdict}"),
        effect=shown.effect or "–",
        digest=page.audit["settings_digest"][:16],
    )


def _what(page: Page, model: Model, verdict: Verdict) -> str:
    """Returns the dimension and its effect; the dimension alone where no effect is stated."""
    if verdict["dimension"] is None:
        return page.t("card.unnamed")
    dimension = page.dimension_name(model, verdict["dimension"])
    if known(verdict["effect"]) is None or page.closed(model, verdict["attribute"]):
        return dimension
    unit = page.t.known(f"unit.{verdict['effect_unit']}", verdict["effect_unit"] or "")
    return page.t(
        "card.what",
        dimension=dimension,
        effect=f"{estimate_text(verdict['effect'])} {shortened(unit)}".strip(),
    )


def _conditioning(page: Page, model: Model, specific: Specificity | None) -> list[str]:
    """Returns sentences on what the claim does not survive, and on the runner-up."""
    if specific is None:
        return []
    t, message = page.t, []
    unused = [
        use for use in model["dimensions"] if use["index"] == specific["dimension"] and not use["active"]
    ]
    message += [t("card.unused", dimension=page.dimension_name(model, use["index"])) for use in unused]
    if specific["explained_away_by"]:
        names = t("word.comma").join(shortened(name) for name in specific["explained_away_by"])
        message.append(t("card.explained_away", names=names))
    else:
        survived = sum(row["survives"] is True for row in specific["survives_conditioning"])
        if specific["survives_conditioning"]:
            message.append(t("card.survives", n=survived, total=len(specific["survives_conditioning"])))
    if not specific["survives_conditioning"]:
        message.append(t("card.one_attribute"))
    if specific["runner_up"] is None:
        message.append(t("card.one_dimension"))
    elif known(specific["gap"]) is not None:
        runner = page.dimension_name(model, specific["runner_up"])
        message.append(t("card.gap", gap=estimate_text(specific["gap"]), runner=runner))
    return message


def _null(page: Page, model: Model) -> Figure | None:
    """Draws each claim's effect over what moves that leave its dimension alone give, a panel for each attribute."""
    part = recorded(model["intervention"])
    claims = [
        (claim, null)
        for claim in (part["claims"] if part else ())
        if (null := claim.get("null")) and not page.closed(model, claim["attribute"])
    ]
    if not claims:
        return None
    units = {c["attribute"]: page.t.known(f"unit.{c['unit']}", c["unit"]) for c, _ in claims}
    panels = [
        effect_nulls.Panel(
            shortened(c["attribute"], 24),
            units[c["attribute"]],
            null["effect"],
            null["random_directions"],
            null["untrained_decoder"],
        )
        for c, null in claims
    ]
    svg = effect_nulls.draw(panels, page.t("null.random"), page.t("null.untrained"), page.t("null.x"))
    name, significance = shortened(model["name"]), page.significance
    above = sum(null["p_adjusted"] <= significance for _, null in claims)
    alt = page.t("null.alt", model=name, above=above, n=len(claims), significance=f"{significance:g}")
    caption = page.t("null.caption", model=name)
    keys = ("attribute", "unit", "effect", "null_median", "null_most", "p_adjusted")
    rows = tuple(
        (
            text(c["attribute"]),
            Cell("text", units[c["attribute"]]),
            numeral(null["effect"]),
            numeral(float(np.median(null["random_directions"]))),
            numeral(max(null["random_directions"])),
            numeral(null["p_adjusted"]),
        )
        for c, null in claims
    )
    table = Table(caption, tuple(page.t(f"column.{key}") for key in keys), rows)
    return page.drawing(f"effect-null-{page.model_key(model['name'])}", svg, alt, caption, table)


def _gates(page: Page, model: Model) -> dict[str, Any]:
    part, name = recorded(model["intervention"]), shortened(model["name"])
    if part is None:
        return {"name": name, "absent": page.absent(model["intervention"]), "table": None}
    rows = tuple(
        (
            text(g["attribute"]),
            text(g["statistic"]),
            numeral(g["value"]),
            numeral(g["threshold"]),
            Cell("verdict", g["status"])
            if g["status"] == NOT_TESTED
            else Cell("text", page.t("word.passed")),
            Cell("prose", page.prose(g["reason"])),
        )
        for g in part["gates"]
    )
    header = tuple(
        page.t(f"column.{key}") for key in ("attribute", "statistic", "value", "threshold", "gate", "reason")
    )
    return {"name": name, "absent": None, "table": Table(page.t("gate.caption", model=name), header, rows)}


SECTIONS = (Section("attributes", build, place=40),)
