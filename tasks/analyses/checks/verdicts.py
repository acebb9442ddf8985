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

C is "not tested" where the classifier's gate did not pass, D "not assessed" with too few seeds. An attribute that
the classifier cannot read in real images either is not auditable: its verdict is "not tested" for every model,
whatever the checks say. Otherwise the overall verdict is the weakest check, in the order not supported, not tested,
inconclusive, partly supported, supported; "not assessed" counts as partly supported, so without stability nothing is
Supported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from latent_audit.tasks.analyses.checks.check_rules import (
    CheckVerdict,
    Plain,
    dimension_name,
    few_groups,
    first_three,
    in_words,
    interval_against,
)
from latent_audit.tasks.analyses.checks.thresholds import Thresholds, thresholds_from
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.vocabulary.checks import ASSOCIATION, CHECKS, INTERVENTION, SPECIFICITY, STABILITY
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_ASSESSED,
    NOT_SUPPORTED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
    VerdictWord,
)

NOTHING: Mapping[str, Plain] = MappingProxyType({})
COUNT = {3: "three", 4: "four"}


@dataclass(frozen=True)
class Verdict:
    """What may be said of one attribute in one trained model, and what would change it."""

    model: str
    seed: int
    attribute: str
    dimension: int | None
    dimension_name: str
    verdict: VerdictWord
    reason: str
    effect: Plain | None
    effect_unit: str
    checks: Mapping[str, CheckVerdict]
    would_change: str


def verdicts_from_audit(audit: Plain) -> list[dict[str, Any]]:
    """Returns the verdicts, JSON-ready, that follow from the models, stability and thresholds of audit.json."""
    return [
        to_json(v)
        for v in reach_verdicts(audit["models"], audit["stability"], thresholds_from(audit["thresholds"]))
    ]


def reach_verdicts(
    models: Sequence[Plain],
    stability: Sequence[Plain],
    thresholds: Thresholds,
    unreadable: Mapping[str, Plain] = NOTHING,
) -> list[Verdict]:
    """Returns one verdict per model, seed and attribute, in the order of `models` and their attributes.

    `models` and `stability` are those sections of audit.json: plain, already rounded results. `unreadable` gives
    "reason" and "helps" of each attribute that is not auditable.
    """
    by_model = {section["model"]: section for section in stability}
    family = {name: [m for m in models if m["name"] == name] for name in {m["name"] for m in models}}
    verdicts = []
    for model in models:
        for claim in model["specificity"]:
            checks = first_three(model, claim, thresholds)
            checks["stability"] = _stability(
                by_model.get(model["name"]), model, family[model["name"]], claim["attribute"], thresholds
            )
            verdicts.append(_overall(model, claim, checks, unreadable.get(claim["attribute"]), thresholds))
    return verdicts


def verdicts_on_control(
    control: Plain, thresholds: Thresholds, unreadable: Mapping[str, Plain] = NOTHING
) -> list[dict[str, Any]]:
    """Returns the verdicts, JSON-ready, on the claims of a code that can carry nothing by design.

    `control` has a model's name, seed, dimensions, association, specificity and intervention. Its first three
    checks decide: a control is not trained again with other seeds, and stability can only weaken a verdict.
    """
    return [
        to_json(
            _overall(
                control,
                claim,
                first_three(control, claim, thresholds),
                unreadable.get(claim["attribute"]),
                thresholds,
            )
        )
        for claim in control["specificity"]
    ]


def verdicts_without_stability(
    models: Sequence[Plain], thresholds: Thresholds, unreadable: Mapping[str, Plain] = NOTHING
) -> dict[str, list[str]]:
    """Returns, per attribute, the weakest of the first three checks in each of `models` (seeds of one model).

    For an attribute that is not auditable that is "not tested".
    """
    found: dict[str, list[str]] = {}
    for model in models:
        for claim in model["specificity"]:
            checks = first_three(model, claim, thresholds)
            word = NOT_TESTED if claim["attribute"] in unreadable else checks[_weakest(checks)].verdict
            found.setdefault(claim["attribute"], []).append(word)
    return found


def _stability(
    section: Plain | None, model: Plain, seeds: Sequence[Plain], attribute: str, thresholds: Thresholds
) -> CheckVerdict:
    statistic, least = "rank correlation between seeds", thresholds.matched_strength_min
    if section is None or section["status"] != "assessed" or len(seeds) < thresholds.seeds_min:
        why = (
            section["reason"]
            if section is not None and section["status"] != "assessed"
            else f"{len(seeds)} seed(s), {thresholds.seeds_min} needed"
        )
        return CheckVerdict(NOT_ASSESSED, why, statistic, None, least)
    row = next(a for a in section["attributes"] if a["attribute"] == attribute)
    strengths = [_strength(trained, attribute, thresholds) for trained in seeds]
    holds = sum(strength >= STRENGTH[PARTLY_SUPPORTED] for strength in strengths)
    here = _strength(model, attribute, thresholds) >= STRENGTH[PARTLY_SUPPORTED]
    doubtful = sum(strength == STRENGTH[INCONCLUSIVE] for strength in strengths)
    enough = thresholds.seeds_share_min * len(seeds)
    value = row["same_dimension"]
    found = f"the other checks hold in {holds} of {len(seeds)} seeds"
    if holds + doubtful < enough:
        return CheckVerdict(NOT_SUPPORTED, _unstable(holds, len(seeds), here), statistic, value, least)
    if holds < enough:
        return CheckVerdict(
            INCONCLUSIVE, f"{found} and are inconclusive in {doubtful}", statistic, value, least
        )
    place = interval_against(value, least)
    by_place: Mapping[str, VerdictWord] = {
        "above": SUPPORTED, "crosses": INCONCLUSIVE, "below": PARTLY_SUPPORTED
    }  # fmt: skip
    word = by_place[place]
    ending = {
        "above": f"and the dimensions order images alike, {in_words(value)}",
        "crosses": f"the likeness of the dimensions is {in_words(value)}: the interval crosses {least:g}",
        "below": f"in dimensions that order images differently, {in_words(value)} below {least:g}",
    }[place]
    return CheckVerdict(word, f"{found}, {ending}", statistic, value, least)


def _unstable(holds: int, seeds: int, here: bool) -> str:
    """Says in how many trainings a finding holds, and whether the model that is judged is one of them."""
    if not here:
        return f"not stable: the other checks hold in {holds} of {seeds} seeds, and not in this trained model"
    others = f"the {seeds - 1} models trained from other seeds"
    if holds == 1:
        return f"not stable: true of this trained model, not found again in {others}"
    return f"not stable: true of this trained model, found again in {holds - 1} of {others}"


def _strength(model: Plain, attribute: str, thresholds: Thresholds) -> int:
    """Returns the STRENGTH of an attribute in one seed, by the checks that could be made."""
    claim = next(c for c in model["specificity"] if c["attribute"] == attribute)
    checks = first_three(model, claim, thresholds)
    made = {name: check for name, check in checks.items() if check.verdict != NOT_TESTED}
    return STRENGTH[made[_weakest(made)].verdict]


def _weakest(checks: Mapping[str, CheckVerdict]) -> str:
    """Returns the name of the weakest check, the first in the order of CHECKS among equals."""
    return min((name for name in CHECKS if name in checks), key=lambda name: STRENGTH[checks[name].verdict])


def _overall(
    model: Plain,
    claim: Plain,
    checks: Mapping[str, CheckVerdict],
    unreadable: Plain | None,
    thresholds: Thresholds,
) -> Verdict:
    weakest = _weakest(checks)
    check = checks[weakest]
    word: VerdictWord = PARTLY_SUPPORTED if check.verdict == NOT_ASSESSED else check.verdict
    reason = (
        f"all {COUNT[len(checks)]} checks hold: {checks['intervention'].reason}"
        if word == SUPPORTED
        else f"{weakest}: {check.reason}"
    )
    would_change = _would_change(weakest, check)
    groups = few_groups(model["association"].get("groups"), thresholds)
    if groups is not None:
        word, reason, would_change = INCONCLUSIVE, groups, "images of more persons, patients or slides"
    if unreadable is not None:
        word, reason, would_change = NOT_TESTED, unreadable["reason"], unreadable["helps"]
    section = model.get("intervention") or {}
    found = next((c for c in section.get("claims", ()) if c["attribute"] == claim["attribute"]), None)
    tested = checks[INTERVENTION].verdict != NOT_TESTED
    return Verdict(
        model=model["name"],
        seed=model["seed"],
        attribute=claim["attribute"],
        dimension=claim["dimension"],
        dimension_name=dimension_name(model, claim["dimension"]),
        verdict=word,
        reason=reason,
        effect=found["on_target"] if found is not None and tested and unreadable is None else None,
        effect_unit=found["unit"] if found is not None else "",
        checks=dict(checks),
        would_change=would_change,
    )


def _would_change(weakest: str, check: CheckVerdict) -> str:
    """Returns what would have to be found for the verdict to be another one."""
    if check.verdict == SUPPORTED:
        return "any one check that falls below its threshold, on more images, other images or more seeds"
    if check.verdict == NOT_TESTED:
        return (
            "decoded images in which the classifier reads the attribute as it does in real ones: "
            "train longer, or use a larger network or code"
        )
    if check.verdict == NOT_ASSESSED:
        return "more training seeds, so that stability can be assessed"
    if check.verdict == INCONCLUSIVE:
        return f"more held-out images, which narrow the interval of the {check.statistic}"
    return {
        ASSOCIATION: f"a dimension whose {check.statistic} reaches {check.threshold:g}",
        SPECIFICITY: "one dimension that carries this attribute alone, and data in which the attributes vary apart",
        INTERVENTION: f"an effect of at least {check.threshold:g} that most images and no other attribute follow",
        STABILITY: "the same finding with more of the seeds, in dimensions that order images alike",
    }[weakest]
