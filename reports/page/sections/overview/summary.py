"""Section 1: what was audited, what was found, and what may be concluded, on one screen."""

from collections import Counter
from typing import Any

from latent_audit.reports.page import absence
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.places import place_of
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.data import SetAside
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.places import Requirement
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import NOT_TESTED, OVERALL, PARTLY_SUPPORTED, SUPPORTED

MAX_ROOMY_MODELS = 4
MAX_ROOMY_CELLS = 40


def build(page: Page) -> dict[str, Any]:
    """Returns the first screen: layout, rows of verdicts, tallies and conclusions."""
    leads = page.leads
    verdicts = {(row["model"], row["attribute"]): row for row in page.verdicts}
    rows = [
        {
            "name": shortened(attribute["name"]),
            "card": f"card-{page.attribute_key(attribute['name'])}",
            "unreadable": attribute["name"] in page.unreadable,
            "cells": [
                _cell(page, model, verdicts.get((model["name"], attribute["name"]))) for model in leads
            ],
        }
        for attribute in page.attributes
    ]
    rows += [_not_tested(row, leads) for row in page.set_aside]
    shown = [row for row in page.verdicts if any(row["model"] == model["name"] for model in leads)]
    return {
        "layout": _layout(len(leads), len(rows)),
        "aside": page.t(
            "summary.aside",
            names=page.t("word.comma").join(shortened(r["attribute"]) for r in page.set_aside),
        )
        if page.set_aside
        else "",
        "models": [
            {
                "name": shortened(m["name"], 28),
                "seed": m["seed"],
                "tally": _tally(shown, m["name"]),
                "trained": page.trained(m),
            }
            for m in leads
        ],
        "rows": rows,
        "sentence": _sentence(page, shown, len(leads), len(page.attributes)),
        "unreadable": [
            (shortened(row["attribute"]), page.prose(row["reason"]), page.prose(row["helps"]))
            for row in page.unreadable.values()
        ],
        "note": page.interval_note(row["effect"] for row in shown),
        "failed": _failed(page),
        "places": _places(page),
        "requirements": [
            {"status": row["status"], "line": _requirement(page, row)}
            for row in page.audit.get("requirements", ())
        ],
        "absence": absence.lines(page),
        "may": [page.t(f"summary.may.{key}") for key in _may(page, shown)],
        "may_not": [
            page.t(f"summary.may_not.{key}")
            for key in (*(("discovery",) if _given(page, shown) else ()), "use", "cause", "beyond")
        ],
        SUPPORTED: _named(page, shown),
        "placed": bool(page.audit.get("where")),
        "seeded": any(len(page.by_seed(row["model"], row["attribute"])) > 1 for row in shown),
    }


def _places(page: Page) -> str:
    """Returns how many attributes of lead models have a Supported place, and which places; "" without places."""
    leads = {(model["name"], model["seed"]) for model in page.leads}
    rows = [row for row in page.audit.get("where", ()) if (row["model"], row["seed"]) in leads]
    counts = Counter(row["rung"] for row in rows if row["verdict"] == SUPPORTED)
    parts = [
        page.t("place.count", place=page.t(f"place.short.{rung}"), n=number(n)) for rung, n in counts.items()
    ]
    if not rows:
        return ""
    message = page.t("place.sentence", n=number(sum(counts.values())), of=number(len(rows)))
    return (
        page.t("place.sentence_parts", sentence=message, parts=page.t("word.comma").join(parts))
        if parts
        else message
    )


def _requirement(page: Page, row: Requirement) -> str:
    if row["place"] == "absent":
        return page.t(
            "place.requirement_absent",
            model=shortened(row["model"], 28),
            attribute=shortened(row["attribute"], 28),
            status=page.t(f"place.status.{row['status']}"),
            reason=page.prose(row["reason"]),
        )
    return page.t(
        "place.requirement",
        model=shortened(row["model"], 28),
        attribute=shortened(row["attribute"], 28),
        place=page.t(f"place.short.{row['place']}"),
        verdict=page.t(f"verdict.{row['verdict']}"),
        status=page.t(f"place.status.{row['status']}"),
        reason=page.prose(row["reason"]),
    )


def _failed(page: Page) -> dict[str, Any] | None:
    rows = page.failed
    if not rows:
        return None
    count = (
        page.t("summary.failed_one") if len(rows) == 1 else page.t("summary.failed_many", n=number(len(rows)))
    )
    lines = [
        page.t(
            "summary.failed_line",
            part=page.t(f"failed_part.{row['part']}"),
            of=""
            if row["model"] is None
            else page.t("summary.failed_of", model=shortened(row["model"], 28), seed=row["seed"]),
            reason=page.prose(row["reason"]),
        )
        for row in rows
    ]
    return {"count": count, "lines": lines}


def _not_tested(row: SetAside, leads: list[Model]) -> dict[str, Any]:
    """Returns the row of an attribute that was set aside before any model was looked at."""
    cells: list[dict[str, Any]] = [
        {
            "model": shortened(model["name"], 28),
            "verdict": NOT_TESTED,
            "dimension": "–",
            "effect": "",
            "unit": "",
            "reason": row["reason"],
            "given": False,
            "seeds": [],
            "place": None,
            "card": "data",
        }
        for model in leads
    ]
    return {"name": shortened(row["attribute"]), "card": "data", "unreadable": False, "cells": cells}


def _layout(models: int, attributes: int) -> str:
    if models == 1:
        return "single"
    return "roomy" if models <= MAX_ROOMY_MODELS and models * attributes <= MAX_ROOMY_CELLS else "compact"


def _cell(page: Page, model: Model, row: Verdict | None) -> dict[str, Any] | None:
    if row is None:
        return None
    unit = page.t.known(f"unit_short.{row['effect_unit']}", row["effect_unit"] or "")
    dimension = (
        "–" if row["dimension"] is None else shortened(row["dimension_name"] or f"z{row['dimension']}", 20)
    )
    return {
        "model": shortened(model["name"], 28),
        "verdict": row["verdict"],
        "dimension": dimension,
        "effect": estimate_text(row["effect"]),
        "unit": shortened(unit, 24),
        "reason": page.prose(row["reason"]),
        "given": page.was_given(model, row["attribute"]),
        "seeds": page.seed_words(row["model"], row["attribute"]),
        "place": place_of(page, model, row["attribute"]),
        "card": f"card-{page.attribute_key(row['attribute'])}-{page.model_key(row['model'])}",
    }


def _tally(rows: list[Verdict], model: str) -> list[tuple[str, int]]:
    counts = Counter(row["verdict"] for row in rows if row["model"] == model)
    return [(verdict, counts[verdict]) for verdict in OVERALL if counts[verdict]]


def _sentence(page: Page, shown: list[Verdict], models: int, attributes: int) -> str:
    counts = Counter(row["verdict"] for row in shown)
    parts = [page.t(f"summary.count.{verdict}", n=counts[verdict]) for verdict in OVERALL if counts[verdict]]
    key = "summary.sentence_one" if models == 1 else "summary.sentence_many"
    message = page.t(
        key,
        claims=number(sum(counts.values())),
        attributes=attributes,
        models=models,
        parts=page.t("word.comma").join(parts),
    )
    supported = [row for row in shown if row["verdict"] == SUPPORTED]
    given = _given(page, supported)
    return f"{message} {page.t('summary.given', n=given, of=len(supported))}" if given else message


def _given(page: Page, rows: list[Verdict]) -> int:
    """Returns how many of the claims are of a model that was trained with the attribute's labels."""
    models = {model["name"]: model for model in page.leads}
    return sum(page.was_given(models[row["model"]], row["attribute"]) for row in rows)


def _may(page: Page, shown: list[Verdict]) -> tuple[str, ...]:
    counts = Counter(row["verdict"] for row in shown)
    first = SUPPORTED if counts[SUPPORTED] else "none_supported"
    second = "partly" if counts[PARTLY_SUPPORTED] else "association"
    if len(page.leads) < 2:
        return (first, second)
    alike = len({page.trained(model) for model in page.leads}) == 1
    return (first, second, "compare" if alike else "compare_unlike")


def _named(page: Page, rows: list[Verdict]) -> str:
    """Returns the supported attributes with how many models support each."""
    counts = Counter(row["attribute"] for row in rows if row["verdict"] == SUPPORTED)
    order = [attribute["name"] for attribute in page.attributes if counts[attribute["name"]]]
    return page.t("word.comma").join(shortened(name, 28) for name in order[:12]) + (
        " …" if len(order) > 12 else ""
    )
