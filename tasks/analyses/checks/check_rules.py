"""The rules of the first three checks: what an association, a specificity and an intervention must show.

Each takes plain results, as they stand in audit.json, and says the verdict with its reason in words; the table
of all rules stands in verdicts.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.checks import ASSOCIATION, INTERVENTION, SPECIFICITY
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_SUPPORTED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    SUPPORTED,
    VerdictWord,
)

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class CheckVerdict:
    """One check's verdict, its reason, and the number (with interval) that was held against a threshold."""

    verdict: VerdictWord
    reason: str
    statistic: str
    value: Plain | None
    threshold: float


def first_three(model: Plain, claim: Plain, thresholds: Thresholds) -> dict[str, CheckVerdict]:
    """Returns association, specificity and intervention of one claim (a row of the model's specificity)."""
    return {
        ASSOCIATION: _association(model, claim, thresholds),
        SPECIFICITY: _specificity(model, claim, thresholds),
        INTERVENTION: _intervention(model, claim, thresholds),
    }


def _association(model: Plain, claim: Plain, thresholds: Thresholds) -> CheckVerdict:
    cells = model["association"]
    p_value = cells["p_adjusted"][list(cells["attributes"]).index(claim["attribute"])][claim["dimension"]]
    value, least = claim["uncertainty"], thresholds.uncertainty_min
    name, message = dimension_name(model, claim["dimension"]), in_words(value)
    place = interval_against(value, least)
    word: VerdictWord
    if p_value > thresholds.significance:
        word, reason = (
            NOT_SUPPORTED,
            f"{name} tells nothing of {claim['attribute']} beyond chance (adjusted p {p_value:.2g})",
        )
    elif place == "below":
        word, reason = (
            NOT_SUPPORTED,
            f"{name} is associated with {claim['attribute']}, but tells only {message} of its uncertainty, "
            f"below {least:g}",
        )
    elif place == "crosses":
        word, reason = (
            INCONCLUSIVE,
            f"{name} tells {message} of the uncertainty of {claim['attribute']}: the interval crosses {least:g}",
        )
    else:
        word, reason = (
            SUPPORTED,
            f"{name} tells {message} of the uncertainty of {claim['attribute']} (adjusted p {p_value:.2g})",
        )
    return CheckVerdict(word, reason, "uncertainty coefficient", value, least)


def _specificity(model: Plain, claim: Plain, thresholds: Thresholds) -> CheckVerdict:
    gap, least, attribute = claim["gap"], thresholds.gap_min, claim["attribute"]
    name, runner_up = dimension_name(model, claim["dimension"]), dimension_name(model, claim["runner_up"])
    if claim["runner_up"] is None:
        # Without another dimension the "gap" is all that this one tells.
        below = f"{name} has no other dimension to be compared with, and tells only {in_words(gap)} of {attribute}, "
        crossing = (
            f"{name} has no other dimension to be compared with, and tells {in_words(gap)} of {attribute}: "
        )
        above = f"{name} has no other dimension to be compared with, and tells {in_words(gap)} of {attribute}"
    else:
        below = f"not specific: {runner_up} tells nearly as much of {attribute} as {name}, a gap of {in_words(gap)} "
        crossing = f"the gap between {name} and {runner_up} for {attribute} is {in_words(gap)}: "
        above = (
            f"{name} tells more of {attribute} than any other dimension by {in_words(gap)} of its uncertainty"
        )
    place = interval_against(gap, least)
    leaks = [
        leak["attribute"]
        for leak in claim["leakage"]
        if (leak["conditional_uncertainty"]["value"] or 0.0) >= thresholds.leakage_max
    ]
    word: VerdictWord
    if place == "below":
        word, reason = NOT_SUPPORTED, f"{below}below {least:g}"
    elif place == "crosses":
        word, reason = INCONCLUSIVE, f"{crossing}the interval crosses {least:g}"
    elif claim["explained_away_by"]:
        others = ", ".join(claim["explained_away_by"])
        word, reason = (
            PARTLY_SUPPORTED,
            f"explained away by {others}: where that is held fixed, {name} tells next to nothing of {attribute}",
        )
    elif leaks:
        word, reason = (
            PARTLY_SUPPORTED,
            f"not only {attribute}: where it is held fixed, {name} still tells of {', '.join(leaks)}",
        )
    else:
        word, reason = SUPPORTED, above
    return CheckVerdict(word, reason, "gap to the runner-up dimension", gap, least)


def _effect_least(unit: str, thresholds: Thresholds) -> float:
    if unit == "probability":
        return thresholds.effect_probability_min
    return thresholds.effect_standard_deviations_min


def _intervention(model: Plain, claim: Plain, thresholds: Thresholds) -> CheckVerdict:
    section, attribute = model.get("intervention"), claim["attribute"]
    statistic = "range of the mean response"
    if section is None or "not_applicable" in section:
        why = "the model cannot decode a code" if section is None else str(section["not_applicable"])
        return CheckVerdict(NOT_TESTED, why, statistic, None, thresholds.effect_standard_deviations_min)
    row = next(i for i, gate in enumerate(section["gates"]) if gate["attribute"] == attribute)
    found = next(c for c in section["claims"] if c["attribute"] == attribute)
    least = _effect_least(found["unit"], thresholds)
    gate = section["gates"][row]
    if gate["status"] != "passed":
        return CheckVerdict(NOT_TESTED, gate["reason"], statistic, None, least)
    p_value = section["p_adjusted"][row][found["dimension"]]
    by_data = _moves_by_entanglement(model, claim, thresholds)
    word, reason = _intervention_word(
        dimension_name(model, found["dimension"]), section, found, p_value, by_data, thresholds
    )
    return CheckVerdict(word, reason, statistic, found["on_target"], least)


def _intervention_word(
    name: str, section: Plain, found: Plain, p_value: float, by_data: set[str], thresholds: Thresholds
) -> tuple[VerdictWord, str]:
    least = _effect_least(found["unit"], thresholds)
    units = {c["attribute"]: c["unit"] for c in section["claims"]}
    effect, unit, attribute = found["on_target"], found["unit"], found["attribute"]
    moved = f"setting {name} moves {attribute} by {in_words(effect)} {unit}"
    if p_value > thresholds.significance:
        return NOT_SUPPORTED, f"{moved}, no more than null moves do (adjusted p {p_value:.2g})"
    place = interval_against(effect, least)
    if place == "below":
        return NOT_SUPPORTED, f"{moved}, below {least:g}"
    if place == "crosses":
        return INCONCLUSIVE, f"{moved}: the interval crosses {least:g}"
    if found["consistency"]["value"] < thresholds.consistency_min:
        share = found["consistency"]["value"]
        return PARTLY_SUPPORTED, f"{moved}, but only {share:.0%} of the images follow the mean"
    relative = effect["value"] / least
    judges = {gate["attribute"] for gate in section["gates"] if gate["status"] == "passed"}
    as_much = [
        off["attribute"]
        for off in found["off_target"]
        if off["attribute"] not in by_data
        and off["attribute"] in judges
        and off["effect"]["value"] / _effect_least(units[off["attribute"]], thresholds) >= relative
    ]
    if as_much:
        return PARTLY_SUPPORTED, f"{moved}, and moves {', '.join(as_much)} as much"
    return SUPPORTED, f"{moved}, in {found['consistency']['value']:.0%} of the images the same way"


def _moves_by_entanglement(model: Plain, claim: Plain, thresholds: Thresholds) -> set[str]:
    """Returns the attributes that go with the dimension only because they go with the claimed one in the data.

    The dimension is associated with them, but tells little of them where the claimed attribute is held
    fixed. That they move along is no fault of the claim; theirs is the claim that is explained away.
    """
    cells = model["association"]
    leaks = {leak["attribute"]: leak["conditional_uncertainty"]["value"] for leak in claim["leakage"]}
    return {
        name
        for name, p_values in zip(cells["attributes"], cells["p_adjusted"], strict=True)
        if name in leaks
        and p_values[claim["dimension"]] <= thresholds.significance
        and (leaks[name] or 0.0) < thresholds.leakage_max
    }


def few_groups(groups: int | None, thresholds: Thresholds) -> str | None:
    """Returns why nothing can be told of so many groups of images; None where there are enough, or no groups."""
    if groups is None or groups >= thresholds.groups_min:
        return None
    return f"inconclusive: {groups} groups of images in probe_test, {thresholds.groups_min} are needed"


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
    """Returns an estimate in words: 0.42 (0.39 to 0.45)."""
    if value is None or value["value"] is None:
        return "unknown"
    if value["low"] is None:
        return f"{value['value']:.2f}"
    return f"{value['value']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def dimension_name(model: Plain, dimension: int | None) -> str:
    """Returns the name that a model gives a dimension."""
    return "no dimension" if dimension is None else str(model["dimensions"][dimension]["name"])
