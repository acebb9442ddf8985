"""Section 7: one card for each attribute, with each model's evidence beside the others'."""

from typing import Any

from reports.number_text import number
from reports.page import CHECKS, Cell, Figure, Page, Table, estimate, known, numeral, said, text
from reports.plots import null_histogram
from reports.sections import card_figures, strips
from reports.visible_text import shortened

MOST_OPEN_CARDS = 4


def build(page: Page) -> dict[str, Any]:
    """Returns a card for each attribute and lead model, and what random directions give for each model."""
    leads = page.leads
    verdicts = {(row["model"], row["attribute"]): row for row in page.verdicts}
    cards = [
        {
            "name": shortened(attribute["name"]),
            "key": f"card-{page.attribute_key(attribute['name'])}",
            "description": page.prose(attribute["description"]),
            "kind": page.t(f"kind.{attribute['kind']}"),
            "open": place == 0 or len(leads) * len(page.attributes) <= MOST_OPEN_CARDS,
            "models": [
                _card(page, model, attribute["name"], verdicts[model["name"], attribute["name"]])
                for model in leads
                if (model["name"], attribute["name"]) in verdicts
            ],
        }
        for place, attribute in enumerate(page.attributes)
    ]
    nulls = [figure for figure in (_null(page, model) for model in leads) if figure is not None]
    return {"cards": cards, "nulls": nulls, "gates": [_gates(page, model) for model in leads]}


def _card(page: Page, model: dict[str, Any], attribute: str, verdict: dict[str, Any]) -> dict[str, Any]:
    place = f"{page.attribute_key(attribute)}-{page.model_key(model['name'])}"
    claim = _of(page, model["intervention"], "claims", attribute)
    specific = (
        next((s for s in model["specificity"] if s["attribute"] == attribute), None)
        if not page.absent(model["specificity"])
        else None
    )
    dimension = verdict["dimension"] if verdict["dimension"] is not None else (claim or {}).get("dimension")
    checks = [
        {
            "name": page.t(f"check.{check}.name"),
            "verdict": verdict["checks"][check]["verdict"],
            "value": said(verdict["checks"][check]["value"]),
            "statistic": shortened(verdict["checks"][check]["statistic"] or ""),
            "threshold": number(verdict["checks"][check]["threshold"]),
            "reason": page.prose(verdict["checks"][check]["reason"]),
        }
        for check in CHECKS
    ]
    figures = [
        strips.build(page, model, dimension, place) if dimension is not None else None,
        card_figures.dose(page, model, attribute, claim, place),
        card_figures.effects(page, model, attribute, claim, place),
        card_figures.leakage(page, model, specific, place),
        card_figures.counter(page, verdict, place),
    ]
    return {
        "key": f"card-{place}",
        "model": shortened(model["name"]),
        "verdict": verdict["verdict"],
        "dimension": page.dimension_name(model, verdict["dimension"]),
        "effect": said(verdict["effect"]),
        "unit": shortened(page.t.known(f"unit.{verdict['effect_unit']}", verdict["effect_unit"] or "")),
        "note": page.interval_note(
            [verdict["effect"], *(verdict["checks"][check]["value"] for check in CHECKS)]
        ),
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


def _of(page: Page, part: Any, key: str, attribute: str) -> dict[str, Any] | None:
    if page.absent(part):
        return None
    return next((row for row in part[key] if row["attribute"] == attribute), None)


def _conditioning(page: Page, model: dict[str, Any], specific: dict[str, Any] | None) -> list[str]:
    """Returns sentences on what the claim does not survive, and on the runner-up."""
    if specific is None:
        return []
    t, told = page.t, []
    unused = [
        use for use in model["dimensions"] if use["index"] == specific["dimension"] and not use["active"]
    ]
    told += [t("card.unused", dimension=page.dimension_name(model, use["index"])) for use in unused]
    if specific["explained_away_by"]:
        names = t("word.comma").join(shortened(name) for name in specific["explained_away_by"])
        told.append(t("card.explained_away", names=names))
    else:
        survived = sum(row["survives"] is True for row in specific["survives_conditioning"])
        if specific["survives_conditioning"]:
            told.append(t("card.survives", n=survived, total=len(specific["survives_conditioning"])))
    if not specific["survives_conditioning"]:
        told.append(t("card.one_attribute"))
    if specific["runner_up"] is None:
        told.append(t("card.one_dimension"))
    elif known(specific["gap"]) is not None:
        runner = page.dimension_name(model, specific["runner_up"])
        told.append(t("card.gap", gap=said(specific["gap"]), runner=runner))
    return told


def _null(page: Page, model: dict[str, Any]) -> Figure | None:
    """Draws on-target effects over what random directions and an untrained decoder give."""
    part = model["intervention"]
    if page.absent(part) or not part["null_random_directions"]:
        return None
    nulls = [(page.t("null.random"), part["null_random_directions"])]
    if part["null_untrained_decoder"]:
        nulls.append((page.t("null.untrained"), part["null_untrained_decoder"]))
    pairs = [(c["attribute"], c["on_target"]) for c in part["claims"] if known(c["on_target"]) is not None]
    if not pairs:
        return None
    most = max(part["null_random_directions"])
    above = sum(e["value"] > most for _, e in pairs)
    svg = null_histogram.draw(nulls, [(shortened(n), e["value"]) for n, e in pairs], page.t("null.x"))
    name = shortened(model["name"])
    alt = page.t("null.alt", model=name, above=above, n=len(pairs), most=number(most))
    caption = page.t("null.caption", model=name)
    table = Table(
        caption,
        (page.t("column.attribute"), page.t("column.effect")),
        tuple((text(n), estimate(e)) for n, e in pairs),
        page.interval_note(e for _, e in pairs),
    )
    return page.drawing(f"effect-null-{page.model_key(model['name'])}", svg, alt, caption, table)


def _gates(page: Page, model: dict[str, Any]) -> dict[str, Any]:
    part, name = model["intervention"], shortened(model["name"])
    absent = page.absent(part)
    if absent:
        return {"name": name, "absent": absent, "table": None}
    rows = tuple(
        (
            text(g["attribute"]),
            text(g["statistic"]),
            numeral(g["value"]),
            numeral(g["threshold"]),
            Cell("verdict", g["status"])
            if g["status"] == "not_tested"
            else Cell("text", page.t("word.passed")),
            Cell("prose", page.prose(g["reason"])),
        )
        for g in part["gates"]
    )
    header = tuple(
        page.t(f"column.{key}") for key in ("attribute", "statistic", "value", "threshold", "gate", "reason")
    )
    return {"name": name, "absent": None, "table": Table(page.t("gate.caption", model=name), header, rows)}
