"""What the rules of checks and of places share: an interval against a limit, and numbers and names in reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.statistics.folds import AGREEING, FOLDS
from latent_audit.vocabulary.reasons import Reason, reason, reason_in

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class ClaimRules:
    """What decides of a claim on a single dimension.

    conditional_gap: whether a competitor that another attribute claims counts with what it tells beyond that one alone.
    permuted_donors: whether the null of the intervention is the swap with permuted donors, and not random directions.
    """

    conditional_gap: bool
    permuted_donors: bool


# Of files of schema 1.0, and of today's.
FIRST_RULES, CURRENT_RULES = ClaimRules(False, False), ClaimRules(True, True)


def few_groups(groups: int | None, thresholds: Thresholds) -> Reason | None:
    """Returns why nothing can be told of so many groups of images; None where there are enough, or no groups."""
    if groups is None or groups >= thresholds.groups_min:
        return None
    return reason("few_groups", groups=str(groups), needed=str(thresholds.groups_min))


def few_folds(attribute: str, evidence: Plain) -> Reason | None:
    """Returns why a part of the code is not settled: too few folds chose it; None where enough did, or there are none.

    evidence: of a claim or of a rung.
    """
    agreeing = evidence.get("folds_agreeing")
    if agreeing is None or agreeing >= AGREEING:
        return None
    return reason(
        "folds_disagree",
        attribute=attribute,
        agreeing=str(agreeing),
        folds=str(FOLDS),
        needed=str(AGREEING),
    )


def without_decoder(model: Plain) -> bool:
    """Returns whether a model or control has no decoder: what the classifier reads in pictures says nothing of it."""
    section = model.get("intervention") or {}
    return (
        "not_applicable" in section
        and reason_in(section, "not_applicable")["key"] == "intervention.no_decoder"
    )


def interval_against(value: Plain | None, least: float) -> Literal["above", "crosses", "below"]:
    """Returns where an interval lies; an estimate without interval is its value alone; None is below."""
    if value is None or value["value"] is None:
        return "below"
    low = value["value"] if value["low"] is None else value["low"]
    high = value["value"] if value["high"] is None else value["high"]
    if low >= least:
        return "above"
    return "below" if high < least else "crosses"


def in_words(value: Plain | None) -> str:
    """Returns an estimate as it stands in reasons, in any language: "0.42 [0.39, 0.45]"; a dash for none."""
    if value is None or value["value"] is None:
        return "–"
    if value["low"] is None:
        return f"{value['value']:.2f}"
    return f"{value['value']:.2f} [{value['low']:.2f}, {value['high']:.2f}]"


def dimension_name(model: Plain, dimension: int | None) -> str:
    """Returns the name that a model gives a dimension."""
    return "–" if dimension is None else str(model["dimensions"][dimension]["name"])
