"""The tables of a result, as rows: verdicts on claimed dimensions, and where attributes live."""

from collections.abc import Mapping
from typing import Any

from latent_audit.vocabulary.checks import ASSOCIATION
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.forms import Estimate, Part, recorded
from latent_audit.vocabulary.record.leads import checks_of, rung_of
from latent_audit.vocabulary.record.places import Place

Row = dict[str, Any]


def verdict_rows(audit: Audit) -> list[Row]:
    """Returns a row for each verdict: names, words, the value of each check's statistic with its interval, reason."""
    rows: list[Row] = []
    for verdict in audit["verdicts"]:
        checks: Mapping[str, Any] = verdict["checks"]
        words: Row = {check: checks[check]["verdict"] for check in (one["id"] for one in checks_of(audit))}
        rows.append(
            {
                "model": verdict["model"],
                "seed": verdict["seed"],
                "attribute": verdict["attribute"],
                "dimension": verdict["dimension_name"],
                "verdict": verdict["verdict"],
                **words,
                **_bounds("uncertainty", checks[ASSOCIATION]["value"]),
                **_bounds("effect", verdict["effect"]),
                "effect_unit": verdict["effect_unit"],
                "reason": verdict["reason"],
            }
        )
    return rows


def where_rows(audit: Audit) -> list[Row]:
    """Returns a row for each place: dimension, direction or block, its members, verdict, figures and reason."""
    rows = []
    for place in audit.get("where", []):
        rung = rung_of(place)
        rows.append(
            {
                "model": place["model"],
                "seed": place["seed"],
                "attribute": place["attribute"],
                "place": place["rung"],
                "members": ", ".join(_members(audit, place)),
                "verdict": place["verdict"],
                **_bounds("uncertainty", rung and rung["uncertainty"]),
                **_bounds("cause", rung and rung["cause"]),
                **_bounds("least_kept", rung and rung["least_kept"]),
                "least_kept_attribute": rung and rung["least_kept_attribute"],
                "shares_with": ", ".join(place["shares_with"]),
                "reason": place["reason"]["text"],
            }
        )
    return rows


def _members(audit: Audit, place: Place) -> list[str]:
    names = {
        dimension["index"]: dimension["name"]
        for model in audit["models"]
        if (model["name"], model["seed"]) == (place["model"], place["seed"])
        for dimension in model["dimensions"]
    }
    return [names.get(member["dimension"], f"z{member['dimension']}") for member in place["members"]]


def _bounds(name: str, part: Part[Estimate]) -> Row:
    estimate = recorded(part)
    value, low, high = (
        (None, None, None) if estimate is None else (estimate["value"], estimate["low"], estimate["high"])
    )
    return {name: value, f"{name}_low": low, f"{name}_high": high}
