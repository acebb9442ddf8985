"""The rules by which evidence becomes verdicts, by the version of the schema of audit.json.

A released version keeps its rules for good, so that its files are judged years later as they were written. To change
a rule for the open version, give it functions of its own in RULES; those of the released versions stay as they are.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from latent_audit.tasks.analyses.absence.rules import judge_absence
from latent_audit.tasks.analyses.checks import auditability, verdicts
from latent_audit.tasks.analyses.checks.check_rules import FIRST_RULES
from latent_audit.tasks.analyses.checks.definitions.check import Check
from latent_audit.tasks.analyses.checks.definitions.registry import CHECKS, CHECKS_1_0
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.checks.verdicts import Verdict
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.two_classifiers.combining import (
    SECOND,
    seen_by_second,
    weaker_places,
    weaker_verdicts,
    with_words,
)

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """What judges the files of one schema version.

    Args:
        reach_verdicts: from models, stability and thresholds to a verdict for each model, seed and attribute.
        control_verdicts: from a control and thresholds to the verdicts on its claims, JSON-ready.
        judge_seeds: from the seeds of one model and thresholds to the words that check D counts, by attribute.
        judge_places: from models, place_stability and thresholds to the rows of `where`.
        place_control: from a control and thresholds to the rows of `where` of it.
        judge_absence: from models and thresholds to the rows of `absent`.
        checks: the checks, in their order.
        thresholds: the names of all limits.
        not_auditable: from an audit.json and thresholds to "reason" and "helps" of each attribute that cannot be
            audited, which the three others are given.
    """

    reach_verdicts: Callable[
        [Sequence[Plain], Sequence[Plain], Thresholds, Mapping[str, Plain]], list[Verdict]
    ]
    control_verdicts: Callable[[Plain, Thresholds, Mapping[str, Plain]], list[dict[str, Any]]]
    judge_seeds: Callable[[Sequence[Plain], Thresholds, Mapping[str, Plain]], dict[str, list[str]]]
    judge_places: Callable[[Sequence[Plain], Sequence[Plain], Thresholds, Mapping[str, Plain]], Sequence[Any]]
    place_control: Callable[[Plain, Thresholds, Mapping[str, Plain]], Sequence[Any]]
    judge_absence: Callable[[Sequence[Plain], Thresholds], Sequence[Any]]
    checks: tuple[Check, ...]
    thresholds: frozenset[str]
    not_auditable: Callable[[Plain, Thresholds], Mapping[str, Plain]]


def _no_places(
    _: Sequence[Plain], __: Sequence[Plain], ___: Thresholds, ____: Mapping[str, Plain]
) -> list[Any]:
    return []


def _no_places_of_control(_: Plain, __: Thresholds, ___: Mapping[str, Plain]) -> list[Any]:
    return []


def _no_absence(_: Sequence[Plain], __: Thresholds) -> list[Any]:
    return []


def _everything_is_auditable(_: Plain, __: Thresholds) -> Mapping[str, Plain]:
    return {}


THRESHOLDS_1_0 = frozenset(
    {
        "significance",
        "uncertainty_min",
        "gap_min",
        "leakage_max",
        "survives_min",
        "effect_probability_min",
        "effect_standard_deviations_min",
        "consistency_min",
        "classifier_share_of_way",
        "matched_strength_min",
        "seeds_min",
        "seeds_share_min",
        "unused_kl_nats",
        "entangled_from",
    }
)
RULES: Mapping[str, Rules] = {
    "1.0": Rules(
        partial(verdicts.reach_verdicts, checks=CHECKS_1_0, rules=FIRST_RULES),
        partial(verdicts.verdicts_on_control, checks=CHECKS_1_0, rules=FIRST_RULES),
        partial(verdicts.verdicts_without_stability, checks=CHECKS_1_0, rules=FIRST_RULES),
        _no_places,
        _no_places_of_control,
        _no_absence,
        CHECKS_1_0,
        THRESHOLDS_1_0,
        _everything_is_auditable,
    ),
    "1.1": Rules(
        verdicts.reach_verdicts,
        verdicts.verdicts_on_control,
        verdicts.verdicts_without_stability,
        where.judge_places,
        where.places_of_control,
        judge_absence,
        CHECKS,
        frozenset(limit.name for limit in fields(Thresholds)),
        auditability.not_auditable,
    ),
}


def thresholds_digest(stated: Plain) -> str:
    """Returns the SHA-256 of thresholds as they stand in an audit.json, over the keys that it has."""
    return hashlib.sha256(json.dumps(dict(stated), sort_keys=True).encode()).hexdigest()


def thresholds_of(audit: Plain) -> Thresholds:
    """Returns the thresholds that an audit.json states; those that its schema version does not know get defaults.

    Raises:
        ValueError: one is missing, unknown to its schema version, or no number that can be a limit.
    """
    stated, known = audit["thresholds"], RULES[audit["schema_version"]].thresholds
    for word, names in (("lacks", known - stated.keys()), ("knows no", stated.keys() - known)):
        if names:
            raise ValueError(f"schema {audit['schema_version']} {word} {', '.join(sorted(names))}")
    for name, value in stated.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} must be a number, got {value!r}")
    return Thresholds(**stated)


def places_of(audit: Plain) -> list[dict[str, Any]]:
    """Returns the rows of `where`, JSON-ready, that follow from the places and thresholds of an audit.json."""
    rules, thresholds = RULES[audit["schema_version"]], thresholds_of(audit)
    unreadable = rules.not_auditable(audit, thresholds)
    alike = audit.get("place_stability", ())
    rows = [to_json(row) for row in rules.judge_places(audit["models"], alike, thresholds, unreadable)]
    if SECOND not in audit:
        return rows
    second = rules.judge_places(
        seen_by_second(audit["models"]), alike, thresholds, _not_read_by_second(audit, rules, thresholds)
    )
    return weaker_places(audit, rows, [to_json(row) for row in second])


def verdicts_of(audit: Plain) -> list[dict[str, Any]]:
    """Returns the verdicts, JSON-ready, that follow from the models, stability and thresholds of an audit.json."""
    rules, thresholds = RULES[audit["schema_version"]], thresholds_of(audit)
    unreadable = rules.not_auditable(audit, thresholds)
    first = rules.reach_verdicts(audit["models"], audit["stability"], thresholds, unreadable)
    rows = [to_json(verdict) for verdict in first]
    if SECOND not in audit:
        return rows
    models, unread = seen_by_second(audit["models"]), _not_read_by_second(audit, rules, thresholds)

    def words(name: str) -> Mapping[str, Sequence[str]]:
        return rules.judge_seeds([model for model in models if model["name"] == name], thresholds, unread)

    second = rules.reach_verdicts(models, with_words(audit["stability"], words), thresholds, unread)
    return weaker_verdicts(audit, rows, [to_json(verdict) for verdict in second])


def _not_read_by_second(audit: Plain, rules: Rules, thresholds: Thresholds) -> Mapping[str, Plain]:
    """Returns the reason and the remedy of each attribute that the second classifier cannot read in real images."""
    return rules.not_auditable({**audit, "classifier": audit[SECOND]}, thresholds)
