"""The matrix of the first screen: attributes down, models across, and what cannot be audited as one line each."""

from collections.abc import Sequence
from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.phrases import Found, found, strip
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.verdicts import NOT_TESTED, STRENGTH

# More models or attributes than these: icons in place of pictures, so that all of them stay on one screen.
MAX_MODELS, MAX_ATTRIBUTES = 3, 6


def build(page: Page) -> dict[str, Any]:
    """Returns the layout, the heads of the columns, the rows by verdict and effect, and the lines."""
    leads = page.leads
    cells = {
        attribute["name"]: [found(page, model, attribute["name"]) for model in leads]
        for attribute in page.attributes
    }
    told = {name: _untested(page, name, row) for name, row in cells.items()}
    names = [name for name in cells if not told[name]]
    names.sort(key=lambda name: _strength(cells[name]), reverse=True)
    pictured = len(leads) <= MAX_MODELS and len(names) <= MAX_ATTRIBUTES
    return {
        "layout": "strips" if pictured else "chips",
        "dots": any(len(one.seeds) > 1 for row in cells.values() for one in row if one is not None),
        "models": [
            {
                "name": page.called_model(model["name"]),
                "key": f"model-{page.model_key(model['name'])}",
                "trained": page.trained_shortly(model),
                "given": any(page.was_given(model, name) for name in cells),
            }
            for model in leads
        ],
        "rows": [
            {
                "name": page.called(name),
                "range": _range(page, name),
                "card": f"card-{page.attribute_key(name)}",
                "cells": [_cell(page, one, name, pictured) for one in cells[name]],
            }
            for name in names
        ],
        "lines": [
            {
                "name": page.called(name),
                "line": told[name],
                "card": f"card-{page.attribute_key(name)}",
            }
            for name in cells
            if told[name]
        ]
        + [
            {"name": page.called(row["attribute"]), "line": page.t("matrix.set_aside"), "card": "data"}
            for row in page.set_aside
        ],
    }


def found_in(page: Page) -> list[Found]:
    """Returns what was found of every attribute in every lead model."""
    every = (found(page, model, row["name"]) for model in page.leads for row in page.attributes)
    return [one for one in every if one is not None]


def _cell(page: Page, one: Found | None, attribute: str, pictured: bool) -> dict[str, Any] | None:
    if one is None:
        return None
    card = f"card-{page.attribute_key(attribute)}-{page.model_key(one.model['name'])}"
    identifier = f"frames-{page.attribute_key(attribute)}-{page.model_key(one.model['name'])}"
    return {
        "model": page.called_model(one.model["name"]),
        "verdict": one.verdict,
        "phrase": one.phrase,
        "effect": one.effect,
        "seeds": one.seeds,
        "strip": strip(page, one, identifier) if pictured else None,
        "card": card,
    }


def _strength(row: Sequence[Found | None]) -> tuple[float, int]:
    words = [STRENGTH[one.verdict] for one in row if one is not None]
    return (sum(words) / max(len(words), 1), sum(one is not None and one.frames is not None for one in row))


def _untested(page: Page, attribute: str, row: Sequence[Found | None]) -> str:
    """Returns why an attribute was tested in no model, in one sentence; "" where it was."""
    if attribute in page.unreadable:
        known = page.unreadable[attribute]
        return page.t("matrix.unreadable", statistic=_statistic(page, known["statistic"], known["value"]))
    if any(one is None or one.verdict != NOT_TESTED for one in row):
        return ""
    gates = [_gate(one.model, attribute) for one in row if one is not None]
    values = [gate for gate in gates if gate is not None and gate["value"] is not None]
    if len(values) < len(gates) or not values:
        return page.t("matrix.untested")
    return page.t(
        "matrix.misread",
        real=_share(page, _real_score(page, attribute)),
        theirs=" / ".join(_share(page, gate["value"]) for gate in values),
        needed=_share(page, values[0]["threshold"]),
    )


def _statistic(page: Page, name: str, value: float | None) -> str:
    return f"{page.t.known(f'statistic_short.{name}', name)} {number(value)}"


def _share(page: Page, value: float | None) -> str:
    return "–" if value is None else number(round(value, 2))


def _real_score(page: Page, attribute: str) -> float | None:
    rows = page.audit.get("auditability", ())
    return next((row["value"] for row in rows if row["attribute"] == attribute), None)


def _gate(model: Model, attribute: str) -> Any:
    part = recorded(model["intervention"])
    return next((gate for gate in (part["gates"] if part else ()) if gate["attribute"] == attribute), None)


def _range(page: Page, attribute: str) -> str:
    """Returns what values an attribute has: its classes, or its range in its unit."""
    described = next(row for row in page.attributes if row["name"] == attribute)
    summary = described["summary"]
    if described["classes"]:
        names = [shortened(name, 12) for name in described["classes"][:3]]
        return page.t("word.comma").join(names) + (" …" if len(described["classes"]) > 3 else "")
    if "counts" in summary:
        return ""
    unit = page.called_unit(attribute)
    return page.t("matrix.range", low=_short(summary["min"]), high=_short(summary["max"]), unit=unit).strip()


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}".replace("-", "−")
