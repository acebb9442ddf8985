"""Section 7: one card for each attribute, with each model's evidence beside the others'."""

from typing import Any

from reports import image_files
from reports.number_text import number
from reports.page import CHECKS, Cell, Figure, Page, Table, estimate, known, numeral, said, text
from reports.plots import dose_response, interval_bars, null_histogram
from reports.sections import strips
from reports.visible_text import shortened

MOST_OPEN_CARDS = 4
MOST_BARS = 14


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
        _dose(page, model, attribute, claim, place),
        _effects(page, model, attribute, claim, place),
        _leakage(page, model, specific, place),
        _counter(page, verdict, place),
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
            for reason in (page.absent(model["intervention"]), page.absent(model["traversal"]))
            if reason
        ],
    }


def _of(page: Page, part: Any, key: str, attribute: str) -> dict[str, Any] | None:
    if page.absent(part):
        return None
    return next((row for row in part[key] if row["attribute"] == attribute), None)


def _dose(
    page: Page, model: dict[str, Any], attribute: str, claim: dict[str, Any] | None, place: str
) -> Figure | None:
    if claim is None or page.absent(claim["curve"]):
        return None
    curve = claim["curve"]
    dimension = page.dimension_name(model, claim["dimension"])
    response = shortened(curve["response"], 30)
    # A curve's doses are either the quantile levels that were set, or the dimension's values there.
    scale = "quantile" if curve["dose"] == model["intervention"]["doses"] else "value"
    svg = dose_response.draw(
        curve["dose"],
        curve["mean"],
        curve["low"],
        curve["high"],
        page.t(f"dose.x_{scale}", dimension=dimension),
        response,
    )
    alt = page.t(
        "dose.alt",
        attribute=shortened(attribute),
        dimension=dimension,
        first=number(curve["mean"][0]),
        last=number(curve["mean"][-1]),
        effect=said(claim["on_target"]),
        consistency=said(claim["consistency"]),
    )
    header = tuple(page.t(f"column.{key}") for key in (scale, "mean", "low", "high"))
    rows = tuple(
        tuple(numeral(value) for value in line)
        for line in zip(*(curve[k] for k in ("dose", "mean", "low", "high")), strict=True)
    )
    note = page.interval_note([claim["on_target"]])
    table = Table(page.t("dose.caption"), header, rows, note)
    return page.drawing(f"dose-{place}", svg, alt, page.t("dose.caption"), table)


def _effects(
    page: Page, model: dict[str, Any], attribute: str, claim: dict[str, Any] | None, place: str
) -> Figure | None:
    """Draws the effect on the claimed attribute beside those on all others."""
    if claim is None or known(claim["on_target"]) is None:
        return None
    others = sorted(
        (row for row in claim["off_target"] if known(row["effect"]) is not None),
        key=lambda row: -abs(row["effect"]["value"]),
    )
    units = {row["attribute"]: row["unit"] for row in model["intervention"]["claims"]}
    mixed = len(set(units.values())) > 1
    pairs = [(attribute, claim["on_target"], 0), *((row["attribute"], row["effect"], 1) for row in others)]
    rows = [
        interval_bars.Row(
            shortened(name, 14) + (f" · {_short_unit(page, units.get(name))}" if mixed else ""),
            e["value"],
            e["low"],
            e["high"],
            group,
        )
        for name, e, group in pairs
    ]
    largest = others[0] if others else None
    alt = page.t(
        "effects.alt" if largest else "effects.alt_alone",
        attribute=shortened(attribute),
        effect=said(claim["on_target"]),
        other=shortened(largest["attribute"]) if largest else "",
        off=said(largest["effect"]) if largest else "",
    )
    table = Table(
        page.t("effects.caption"),
        (page.t("column.attribute"), page.t("column.effect"), page.t("column.unit")),
        tuple((text(name), estimate(e), text(_short_unit(page, units.get(name)))) for name, e, _ in pairs),
        page.interval_note(e for _, e, _ in pairs),
    )
    unit = page.t("effects.own_unit") if mixed else page.t.known(f"unit.{claim['unit']}", claim["unit"])
    return page.drawing(
        f"effects-{place}", interval_bars.bars(rows[:MOST_BARS], unit), alt, page.t("effects.caption"), table
    )


def _short_unit(page: Page, unit: str | None) -> str:
    return page.t.known(f"unit_short.{unit}", unit or "–")


def _leakage(page: Page, model: dict[str, Any], specific: dict[str, Any] | None, place: str) -> Figure | None:
    if specific is None:
        return None
    leaks = [row for row in specific["leakage"] if known(row["conditional_uncertainty"]) is not None]
    if not leaks:
        return None
    leaks.sort(key=lambda row: -row["conditional_uncertainty"]["value"])
    rows = [
        interval_bars.Row(
            shortened(row["attribute"]),
            row["conditional_uncertainty"]["value"],
            row["conditional_uncertainty"]["low"],
            row["conditional_uncertainty"]["high"],
            2,
        )
        for row in leaks
    ]
    dimension = page.dimension_name(model, specific["dimension"])
    alt = page.t(
        "leakage.alt",
        dimension=dimension,
        other=shortened(leaks[0]["attribute"]),
        value=said(leaks[0]["conditional_uncertainty"]),
        attribute=shortened(specific["attribute"]),
    )
    caption = page.t("leakage.caption", dimension=dimension, attribute=shortened(specific["attribute"]))
    table = Table(
        caption,
        (page.t("column.attribute"), page.t("column.leakage")),
        tuple((text(row["attribute"]), estimate(row["conditional_uncertainty"])) for row in leaks),
        page.interval_note(row["conditional_uncertainty"] for row in leaks),
    )
    return page.drawing(
        f"leakage-{place}", interval_bars.bars(rows[:MOST_BARS], page.t("leakage.x")), alt, caption, table
    )


def _counter(page: Page, verdict: dict[str, Any], place: str) -> Figure | None:
    reference = verdict["counter_examples"]
    if page.absent(reference):
        return None
    images = page.array(reference)[:12]
    if len(images) == 0:
        return None
    alt = page.t("counter.alt", n=len(images), attribute=shortened(verdict["attribute"]))
    scale = max(1.0, round(56 / images.shape[-1], 2))
    return page.picture(
        f"counter-{place}", image_files.grid(images, 6), alt, page.t("counter.caption"), scale
    )


def _conditioning(page: Page, model: dict[str, Any], specific: dict[str, Any] | None) -> list[str]:
    """Returns sentences on what the claim does not survive, and on the runner-up."""
    if specific is None:
        return []
    t, told = page.t, []
    if specific["explained_away_by"]:
        names = t("word.comma").join(shortened(name) for name in specific["explained_away_by"])
        told.append(t("card.explained_away", names=names))
    else:
        survived = sum(row["survives"] is True for row in specific["survives_conditioning"])
        if specific["survives_conditioning"]:
            told.append(t("card.survives", n=survived, total=len(specific["survives_conditioning"])))
    if known(specific["gap"]) is not None:
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
