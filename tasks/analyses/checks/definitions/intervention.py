"""Check C, intervention: changing the dimension changes the attribute in decoded images, and no other attribute.

Measured by `checks/intervention.py`: the range of the mean response of an independent classifier, beside random
directions and an untrained decoder. Supported where p is at most `significance`, the interval of the effect lies at or
above its limit, at least `consistency_min` of the images change in the same direction, and no other attribute changes
as strongly. Not tested where the classifier did not pass its gate.
"""

from latent_audit.tasks.analyses.checks.check_rules import dimension_name, in_words, interval_against
from latent_audit.tasks.analyses.checks.definitions.check import Check, CheckVerdict, Claim, Plain
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.checks import INTERVENTION
from latent_audit.vocabulary.reasons import Reason, reason, reason_in
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_SUPPORTED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    SUPPORTED,
    VerdictWord,
)

STATISTIC = reason("statistic.range_of_the_mean_response")


def verdict_of(claim: Claim) -> CheckVerdict:
    """Returns the verdict on the effect of the claimed dimension."""
    section, thresholds = claim.model.get("intervention"), claim.thresholds
    if section is None or "not_applicable" in section:
        why = reason("intervention.no_decoder") if section is None else reason_in(section, "not_applicable")
        return CheckVerdict(NOT_TESTED, why, STATISTIC, None, thresholds.effect_standard_deviations_min)
    place = next(i for i, gate in enumerate(section["gates"]) if gate["attribute"] == claim.attribute)
    found = next(row for row in section["claims"] if row["attribute"] == claim.attribute)
    least, gate = _least_effect(found["unit"], thresholds), section["gates"][place]
    if gate["status"] != "passed":
        return CheckVerdict(NOT_TESTED, reason_in(gate), STATISTIC, None, least)
    p_value = section["p_adjusted"][place][found["dimension"]]
    swapped = _swap_of(claim) if claim.rules.permuted_donors else None
    if swapped is not None:
        p_value = swapped["p_adjusted"]
    word, key, others = _outcome(claim, section, found, p_value)
    if key == "chance" and swapped is not None:
        key = "chance_of_donors"
    why = reason(
        f"intervention.{key}",
        dimension=dimension_name(claim.model, found["dimension"]),
        attribute=claim.attribute,
        value=in_words(found["on_target"]),
        unit=reason(f"unit.{found['unit'].replace(' ', '_')}"),
        limit=f"{least:g}",
        p=f"{p_value:.2g}",
        share=_percent(found["consistency"]["value"]),
        others=list(others),
    )
    return CheckVerdict(word, why, STATISTIC, found["on_target"], least)


def would_change(found: CheckVerdict) -> Reason:
    """Returns what would have to be found for the effect to be supported."""
    return reason("change.intervention", limit=f"{found.threshold:g}")


def _outcome(
    claim: Claim, section: Plain, found: Plain, p_value: float
) -> tuple[VerdictWord, str, list[str]]:
    """Returns verdict, key of the reason, and the attributes that change as strongly as the claimed one."""
    thresholds = claim.thresholds
    least = _least_effect(found["unit"], thresholds)
    against = interval_against(found["on_target"], least)
    if p_value > thresholds.significance:
        return NOT_SUPPORTED, "chance", []
    if against != "above":
        return (NOT_SUPPORTED, "small", []) if against == "below" else (INCONCLUSIVE, "crosses", [])
    if found["consistency"]["value"] < thresholds.consistency_min:
        return PARTLY_SUPPORTED, "inconsistent", []
    units = {row["attribute"]: row["unit"] for row in section["claims"]}
    readable = {gate["attribute"] for gate in section["gates"] if gate["status"] == "passed"}
    excused = _changed_by_entanglement(claim)
    as_strong = [
        other["attribute"]
        for other in found["off_target"]
        if other["attribute"] in readable - excused
        and other["effect"]["value"] / _least_effect(units[other["attribute"]], thresholds)
        >= found["on_target"]["value"] / least
    ]
    return (PARTLY_SUPPORTED, "off_target", as_strong) if as_strong else (SUPPORTED, "holds", [])


def _swap_of(claim: Claim) -> Plain | None:
    """Returns the swap of the claimed dimension; None where it was not measured."""
    rows = (claim.model.get("places") or {}).get("claimed", ())
    key = (claim.attribute, claim.row["dimension"])
    return next((row for row in rows if (row["attribute"], row["dimension"]) == key), None)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _least_effect(unit: str, thresholds: Thresholds) -> float:
    if unit == "probability":
        return thresholds.effect_probability_min
    return thresholds.effect_standard_deviations_min


def _changed_by_entanglement(claim: Claim) -> set[str]:
    """Returns the attributes that are associated with the dimension only through the claimed attribute in the data.

    The dimension is associated with them, but hardly so given the claimed attribute. That they change too does not
    count against the claim.
    """
    cells = claim.model["association"]
    leaks = {leak["attribute"]: leak["conditional_uncertainty"]["value"] for leak in claim.row["leakage"]}
    return {
        name
        for name, p_values in zip(cells["attributes"], cells["p_adjusted"], strict=True)
        if name in leaks
        and p_values[claim.row["dimension"]] <= claim.thresholds.significance
        and (leaks[name] or 0.0) < claim.thresholds.leakage_max
    }


CHECK = Check(INTERVENTION, verdict_of, would_change)
