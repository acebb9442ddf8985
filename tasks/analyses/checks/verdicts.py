"""From the results of the checks to one verdict for each attribute and trained model.

Everything is computed from plain results as they are in audit.json, so that anyone who has that file can compute the
verdicts again. Each check is judged by its file in `definitions/`:

| check | Supported | Partly supported | Inconclusive | Not supported |
|---|---|---|---|---|
| A association | p <= significance, U interval at or above the limit | - | U interval crosses it | otherwise |
| B specificity | gap interval at or above the limit, survives, no leak | gap holds, but explained away or leaks \
| gap interval crosses it | gap interval below |
| C intervention | p <= significance, effect interval at or above the limit, consistent, on target | effect holds, \
but few images follow or another attribute changes as much | effect interval crosses it | otherwise |
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
    CURRENT_RULES,
    ClaimRules,
    Plain,
    dimension_name,
    few_groups,
    without_decoder,
)
from latent_audit.tasks.analyses.checks.definitions.check import Check, CheckVerdict, Claim, Seeds
from latent_audit.tasks.analyses.checks.definitions.registry import CHECKS
from latent_audit.tasks.analyses.checks.thresholds import Thresholds, thresholds_from
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.vocabulary.checks import INTERVENTION
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_ASSESSED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
    VerdictWord,
)

NOTHING: Mapping[str, Plain] = MappingProxyType({})


@dataclass(frozen=True)
class Verdict:
    """What may be said of one attribute in one trained model, and what would change it."""

    model: str
    seed: int
    attribute: str
    dimension: int | None
    dimension_name: str
    verdict: VerdictWord
    reason: Reason
    effect: Plain | None
    effect_unit: str
    checks: Mapping[str, CheckVerdict]
    would_change: Reason


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
    checks: Sequence[Check] = CHECKS,
    rules: ClaimRules = CURRENT_RULES,
) -> list[Verdict]:
    """Returns one verdict per model, seed and attribute, in the order of `models` and their attributes.

    `models` and `stability` are those sections of audit.json: plain, already rounded results. `unreadable` gives
    "reason" and "helps" of each attribute that is not auditable.
    """
    sections = {section["model"]: section for section in stability}
    family = {name: [m for m in models if m["name"] == name] for name in {m["name"] for m in models}}
    verdicts = []
    for model in models:
        for row in model["specificity"]:
            strengths = [
                _strength(trained, row["attribute"], thresholds, checks, rules)
                for trained in family[model["name"]]
            ]
            here = _strength(model, row["attribute"], thresholds, checks, rules)
            seeds = Seeds(strengths, here, sections.get(model["name"]))
            claim = Claim(model, row, thresholds, seeds, rules)
            found = {check.id: check.verdict_of(claim) for check in checks}
            verdicts.append(_overall(claim, found, checks, unreadable.get(claim.attribute)))
    return verdicts


def verdicts_on_control(
    control: Plain,
    thresholds: Thresholds,
    unreadable: Mapping[str, Plain] = NOTHING,
    checks: Sequence[Check] = CHECKS,
    rules: ClaimRules = CURRENT_RULES,
) -> list[dict[str, Any]]:
    """Returns the verdicts, JSON-ready, on the claims of a code that can carry nothing by design.

    `control` has a model's name, seed, dimensions, association, specificity and intervention. The checks of one model
    decide: a control is not trained again with other seeds, and stability can only weaken a verdict.
    """
    verdicts = []
    for row in control["specificity"]:
        claim = Claim(control, row, thresholds, rules=rules)
        found = _of_one_model(claim, checks)
        verdicts.append(to_json(_overall(claim, found, checks, unreadable.get(claim.attribute))))
    return verdicts


def verdicts_without_stability(
    models: Sequence[Plain],
    thresholds: Thresholds,
    unreadable: Mapping[str, Plain] = NOTHING,
    checks: Sequence[Check] = CHECKS,
    rules: ClaimRules = CURRENT_RULES,
) -> dict[str, list[str]]:
    """Returns, per attribute, the weakest check of one model in each of `models` (seeds of one model).

    For an attribute that is not auditable that is "not tested".
    """
    found: dict[str, list[str]] = {}
    for model in models:
        for row in model["specificity"]:
            judged = _of_one_model(Claim(model, row, thresholds, rules=rules), checks)
            word = NOT_TESTED if row["attribute"] in unreadable else judged[_weakest(judged)].verdict
            found.setdefault(row["attribute"], []).append(word)
    return found


def _of_one_model(claim: Claim, checks: Sequence[Check]) -> dict[str, CheckVerdict]:
    return {check.id: check.verdict_of(claim) for check in checks if not check.needs_seeds}


def _strength(
    model: Plain, attribute: str, thresholds: Thresholds, checks: Sequence[Check], rules: ClaimRules
) -> int:
    """Returns the STRENGTH of an attribute in one seed, by the checks that could be made."""
    row = next(row for row in model["specificity"] if row["attribute"] == attribute)
    judged = _of_one_model(Claim(model, row, thresholds, rules=rules), checks)
    made = {name: found for name, found in judged.items() if found.verdict != NOT_TESTED}
    return STRENGTH[made[_weakest(made)].verdict]


def _weakest(found: Mapping[str, CheckVerdict]) -> str:
    """Returns the id of the weakest check, the first among equals."""
    return min(found, key=lambda name: STRENGTH[found[name].verdict])


def _overall(
    claim: Claim, found: Mapping[str, CheckVerdict], checks: Sequence[Check], unreadable: Plain | None
) -> Verdict:
    weakest = _weakest(found)
    decisive, model = found[weakest], claim.model
    word: VerdictWord = PARTLY_SUPPORTED if decisive.verdict == NOT_ASSESSED else decisive.verdict
    why = (
        reason("verdict.all_hold", why=found[INTERVENTION].reason)
        if word == SUPPORTED
        else reason("verdict.weakest", check=reason(f"check.{weakest}"), why=decisive.reason)
    )
    change = _would_change(next(check for check in checks if check.id == weakest), decisive)
    groups = few_groups(model["association"].get("groups"), claim.thresholds)
    if groups is not None:
        word, why, change = INCONCLUSIVE, groups, reason("change.more_groups")
    if without_decoder(model):
        unreadable = None
    if unreadable is not None:
        word, why, change = NOT_TESTED, unreadable["reason"], unreadable["helps"]
    section = model.get("intervention") or {}
    effect = next((c for c in section.get("claims", ()) if c["attribute"] == claim.attribute), None)
    tested = found[INTERVENTION].verdict != NOT_TESTED
    return Verdict(
        model=model["name"],
        seed=model["seed"],
        attribute=claim.attribute,
        dimension=claim.row["dimension"],
        dimension_name=dimension_name(model, claim.row["dimension"]),
        verdict=word,
        reason=why,
        effect=effect["on_target"] if effect is not None and tested and unreadable is None else None,
        effect_unit=effect["unit"] if effect is not None else "",
        checks=dict(found),
        would_change=change,
    )


def _would_change(check: Check, found: CheckVerdict) -> Reason:
    """Returns what would have to be found for the verdict to be another one."""
    if found.verdict == SUPPORTED:
        return reason("change.supported")
    if found.verdict == NOT_TESTED:
        return reason("change.not_tested")
    if found.verdict == NOT_ASSESSED:
        return reason("change.not_assessed")
    if found.verdict == INCONCLUSIVE:
        return reason("change.inconclusive", statistic=found.statistic)
    return check.would_change(found)
