"""The rule table: from the results of the four checks to a verdict per attribute, with its reason in words.

Everything is computed from plain results, as they stand in audit.json, so that anyone who has that file can
compute the verdicts again.

| check | Supported | Partly supported | Inconclusive | Not supported |
|---|---|---|---|---|
| A association | p <= significance, U interval at or above the limit | - | U interval crosses it | otherwise |
| B specificity | gap interval at or above the limit, survives, no leak | gap holds, but explained away or leaks \
| gap interval crosses it | gap interval below |
| C intervention | p <= significance, effect interval at or above the limit, consistent, on target | effect holds, \
but few images follow or another attribute moves as much | effect interval crosses it | otherwise |
| D stability | holds in enough seeds, strength interval at or above the limit | holds in enough seeds, in unlike \
dimensions | strength interval crosses it, or enough only with inconclusive seeds | holds in too few seeds |

C is "not tested" where the classifier's gate did not pass, D "not assessed" with too few seeds. The overall
verdict is the weakest check, in the order not supported, not tested, inconclusive, partly supported,
supported; "not assessed" counts as partly supported, so without stability nothing is Supported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.analyses.plain import to_plain
from tasks.analyses.thresholds import Thresholds, thresholds_from

Word = Literal["supported", "partly_supported", "not_supported", "inconclusive", "not_tested", "not_assessed"]
Plain = Mapping[str, Any]
CHECKS = ("association", "specificity", "intervention", "stability")
# Weakest first. "not_assessed" is a cap, as strong as partly_supported.
WEAKNESS: Mapping[str, int] = {
    "not_supported": 0,
    "not_tested": 1,
    "inconclusive": 2,
    "partly_supported": 3,
    "not_assessed": 3,
    "supported": 4,
}


@dataclass(frozen=True)
class CheckVerdict:
    """One check's verdict, its reason, and the number (with interval) that was held against a threshold."""

    verdict: Word
    reason: str
    statistic: str
    value: Plain | None
    threshold: float


@dataclass(frozen=True)
class Verdict:
    """What may be said of one attribute in one trained model, and what would change it."""

    model: str
    seed: int
    attribute: str
    dimension: int | None
    dimension_name: str
    verdict: Word
    reason: str
    effect: Plain | None
    effect_unit: str
    checks: Mapping[str, CheckVerdict]
    would_change: str


def verdicts_from_audit(audit: Plain) -> list[dict[str, Any]]:
    """Returns the verdicts, JSON-ready, that follow from the models, stability and thresholds of audit.json."""
    return [
        to_plain(v) for v in judge(audit["models"], audit["stability"], thresholds_from(audit["thresholds"]))
    ]


def judge(models: Sequence[Plain], stability: Sequence[Plain], thresholds: Thresholds) -> list[Verdict]:
    """Returns one verdict per model, seed and attribute, in the order of `models` and their attributes.

    `models` and `stability` are those sections of audit.json: plain, already rounded results.
    """
    by_model = {section["model"]: section for section in stability}
    family = {name: [m for m in models if m["name"] == name] for name in {m["name"] for m in models}}
    verdicts = []
    for model in models:
        for claim in model["specificity"]:
            checks = _first_three(model, claim, thresholds)
            checks["stability"] = _stability(
                by_model.get(model["name"]), family[model["name"]], claim["attribute"], thresholds
            )
            verdicts.append(_overall(model, claim, checks))
    return verdicts


def verdicts_without_stability(models: Sequence[Plain], thresholds: Thresholds) -> dict[str, list[str]]:
    """Returns, per attribute, the weakest of the first three checks in each of `models` (seeds of one model)."""
    found: dict[str, list[str]] = {}
    for model in models:
        for claim in model["specificity"]:
            checks = _first_three(model, claim, thresholds)
            found.setdefault(claim["attribute"], []).append(checks[_weakest(checks)].verdict)
    return found


def _first_three(model: Plain, claim: Plain, thresholds: Thresholds) -> dict[str, CheckVerdict]:
    return {
        "association": _association(model, claim, thresholds),
        "specificity": _specificity(model, claim, thresholds),
        "intervention": _intervention(model, claim, thresholds),
    }


def _against(value: Plain | None, least: float) -> Literal["above", "crosses", "below"]:
    """Returns where an interval lies; an estimate without interval is its value alone; None is below."""
    if value is None or value["value"] is None:
        return "below"
    low = value["value"] if value["low"] is None else value["low"]
    high = value["value"] if value["high"] is None else value["high"]
    if low >= least:
        return "above"
    return "below" if high < least else "crosses"


def _told(value: Plain | None) -> str:
    """Returns an estimate in words: 0.42 (0.39 to 0.45)."""
    if value is None or value["value"] is None:
        return "unknown"
    if value["low"] is None:
        return f"{value['value']:.2f}"
    return f"{value['value']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def _name(model: Plain, dimension: int | None) -> str:
    return "no dimension" if dimension is None else str(model["dimensions"][dimension]["name"])


def _association(model: Plain, claim: Plain, thresholds: Thresholds) -> CheckVerdict:
    cells = model["association"]
    p_value = cells["p_adjusted"][list(cells["attributes"]).index(claim["attribute"])][claim["dimension"]]
    value, least = claim["uncertainty"], thresholds.uncertainty_min
    name, told = _name(model, claim["dimension"]), _told(value)
    place = _against(value, least)
    word: Word
    if p_value > thresholds.significance:
        word, reason = (
            "not_supported",
            f"{name} tells nothing of {claim['attribute']} beyond chance (adjusted p {p_value:.2g})",
        )
    elif place == "below":
        word, reason = (
            "not_supported",
            f"{name} is associated with {claim['attribute']}, but tells only {told} of its uncertainty, "
            f"below {least:g}",
        )
    elif place == "crosses":
        word, reason = (
            "inconclusive",
            f"{name} tells {told} of the uncertainty of {claim['attribute']}: the interval crosses {least:g}",
        )
    else:
        word, reason = (
            "supported",
            f"{name} tells {told} of the uncertainty of {claim['attribute']} (adjusted p {p_value:.2g})",
        )
    return CheckVerdict(word, reason, "uncertainty coefficient", value, least)


def _specificity(model: Plain, claim: Plain, thresholds: Thresholds) -> CheckVerdict:
    gap, least, attribute = claim["gap"], thresholds.gap_min, claim["attribute"]
    name, runner_up = _name(model, claim["dimension"]), _name(model, claim["runner_up"])
    place = _against(gap, least)
    leaks = [
        leak["attribute"]
        for leak in claim["leakage"]
        if (leak["conditional_uncertainty"]["value"] or 0.0) >= thresholds.leakage_max
    ]
    word: Word
    if place == "below":
        word, reason = (
            "not_supported",
            f"not specific: {runner_up} tells nearly as much of {attribute} as {name}, a gap of {_told(gap)} "
            f"below {least:g}",
        )
    elif place == "crosses":
        word, reason = (
            "inconclusive",
            f"the gap between {name} and {runner_up} for {attribute} is {_told(gap)}: the interval crosses {least:g}",
        )
    elif claim["explained_away_by"]:
        others = ", ".join(claim["explained_away_by"])
        word, reason = (
            "partly_supported",
            f"explained away by {others}: where that is held fixed, {name} tells next to nothing of {attribute}",
        )
    elif leaks:
        word, reason = (
            "partly_supported",
            f"not only {attribute}: where it is held fixed, {name} still tells of {', '.join(leaks)}",
        )
    else:
        word, reason = (
            "supported",
            f"{name} tells more of {attribute} than any other dimension by {_told(gap)} of its uncertainty",
        )
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
        return CheckVerdict("not_tested", why, statistic, None, thresholds.effect_standard_deviations_min)
    row = next(i for i, gate in enumerate(section["gates"]) if gate["attribute"] == attribute)
    found = next(c for c in section["claims"] if c["attribute"] == attribute)
    least = _effect_least(found["unit"], thresholds)
    gate = section["gates"][row]
    if gate["status"] != "passed":
        return CheckVerdict("not_tested", gate["reason"], statistic, None, least)
    p_value = section["p_adjusted"][row][found["dimension"]]
    by_data = _moves_by_entanglement(model, claim, thresholds)
    word, reason = _intervention_word(
        _name(model, found["dimension"]), section, found, p_value, by_data, thresholds
    )
    return CheckVerdict(word, reason, statistic, found["on_target"], least)


def _intervention_word(
    name: str, section: Plain, found: Plain, p_value: float, by_data: set[str], thresholds: Thresholds
) -> tuple[Word, str]:
    least = _effect_least(found["unit"], thresholds)
    units = {c["attribute"]: c["unit"] for c in section["claims"]}
    effect, unit, attribute = found["on_target"], found["unit"], found["attribute"]
    moved = f"setting {name} moves {attribute} by {_told(effect)} {unit}"
    if p_value > thresholds.significance:
        return "not_supported", f"{moved}, no more than null moves do (adjusted p {p_value:.2g})"
    place = _against(effect, least)
    if place == "below":
        return "not_supported", f"{moved}, below {least:g}"
    if place == "crosses":
        return "inconclusive", f"{moved}: the interval crosses {least:g}"
    if found["consistency"]["value"] < thresholds.consistency_min:
        share = found["consistency"]["value"]
        return "partly_supported", f"{moved}, but only {share:.0%} of the images follow the mean"
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
        return "partly_supported", f"{moved}, and moves {', '.join(as_much)} as much"
    return "supported", f"{moved}, in {found['consistency']['value']:.0%} of the images the same way"


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


def _stability(
    section: Plain | None, seeds: Sequence[Plain], attribute: str, thresholds: Thresholds
) -> CheckVerdict:
    statistic, least = "rank correlation between seeds", thresholds.matched_strength_min
    if section is None or section["status"] != "assessed" or len(seeds) < thresholds.seeds_min:
        why = (
            section["reason"]
            if section is not None and section["status"] != "assessed"
            else f"{len(seeds)} seed(s), {thresholds.seeds_min} needed"
        )
        return CheckVerdict("not_assessed", why, statistic, None, least)
    row = next(a for a in section["attributes"] if a["attribute"] == attribute)
    strengths = [_strength(model, attribute, thresholds) for model in seeds]
    holds = sum(strength >= WEAKNESS["partly_supported"] for strength in strengths)
    doubtful = sum(strength == WEAKNESS["inconclusive"] for strength in strengths)
    enough = thresholds.seeds_share_min * len(seeds)
    value = row["same_dimension"]
    found = f"the other checks hold in {holds} of {len(seeds)} seeds"
    if holds + doubtful < enough:
        return CheckVerdict("not_supported", f"not stable: {found}", statistic, value, least)
    if holds < enough:
        return CheckVerdict(
            "inconclusive", f"{found} and are inconclusive in {doubtful}", statistic, value, least
        )
    place = _against(value, least)
    word: Word = {"above": "supported", "crosses": "inconclusive", "below": "partly_supported"}[place]  # type: ignore[assignment]
    ending = {
        "above": f"and the dimensions order images alike, {_told(value)}",
        "crosses": f"the likeness of the dimensions is {_told(value)}: the interval crosses {least:g}",
        "below": f"in dimensions that order images differently, {_told(value)} below {least:g}",
    }[place]
    return CheckVerdict(word, f"{found}, {ending}", statistic, value, least)


def _strength(model: Plain, attribute: str, thresholds: Thresholds) -> int:
    """Returns the WEAKNESS of an attribute in one seed, by the checks that could be made."""
    claim = next(c for c in model["specificity"] if c["attribute"] == attribute)
    checks = _first_three(model, claim, thresholds)
    made = {name: check for name, check in checks.items() if check.verdict != "not_tested"}
    return WEAKNESS[made[_weakest(made)].verdict]


def _weakest(checks: Mapping[str, CheckVerdict]) -> str:
    """Returns the name of the weakest check, the first in the order of CHECKS among equals."""
    return min((name for name in CHECKS if name in checks), key=lambda name: WEAKNESS[checks[name].verdict])


def _overall(model: Plain, claim: Plain, checks: Mapping[str, CheckVerdict]) -> Verdict:
    weakest = _weakest(checks)
    check = checks[weakest]
    word: Word = "partly_supported" if check.verdict == "not_assessed" else check.verdict
    section = model.get("intervention") or {}
    found = next((c for c in section.get("claims", ()) if c["attribute"] == claim["attribute"]), None)
    tested = checks["intervention"].verdict != "not_tested"
    return Verdict(
        model=model["name"],
        seed=model["seed"],
        attribute=claim["attribute"],
        dimension=claim["dimension"],
        dimension_name=_name(model, claim["dimension"]),
        verdict=word,
        reason="all four checks hold: " + checks["intervention"].reason
        if word == "supported"
        else f"{weakest}: {check.reason}",
        effect=found["on_target"] if found is not None and tested else None,
        effect_unit=found["unit"] if found is not None else "",
        checks=dict(checks),
        would_change=_would_change(weakest, check),
    )


def _would_change(weakest: str, check: CheckVerdict) -> str:
    """Returns what would have to be found for the verdict to be another one."""
    if check.verdict == "supported":
        return "any one check that falls below its threshold, on more images, other images or more seeds"
    if check.verdict == "not_tested":
        return (
            "an attribute classifier that reads this model's reconstructions, "
            "or a model whose images show the attribute"
        )
    if check.verdict == "not_assessed":
        return "more training seeds, so that stability can be assessed"
    if check.verdict == "inconclusive":
        return f"more held-out images, which narrow the interval of the {check.statistic}"
    return {
        "association": f"a dimension whose {check.statistic} reaches {check.threshold:g}",
        "specificity": "one dimension that carries this attribute alone, and data in which the attributes vary apart",
        "intervention": f"an effect of at least {check.threshold:g} that most images and no other attribute follow",
        "stability": "the same finding with more of the seeds, in dimensions that order images alike",
    }[weakest]
