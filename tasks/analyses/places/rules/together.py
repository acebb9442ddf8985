"""A set of attributes that share a place, judged as one: its swap must move each of them and leave all others."""

from collections.abc import Sequence
from dataclasses import dataclass

from latent_audit.tasks.analyses.checks.check_rules import dimension_name, in_words, interval_against
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.evidence import DIRECTION
from latent_audit.tasks.analyses.places.rules import sharing
from latent_audit.tasks.analyses.places.rules.rungs import (
    Plain,
    RungCheck,
    changed_by,
    is_associated,
    kept_in_words,
    part_of_code,
)
from latent_audit.tasks.analyses.places.rules.stability import Family, judge_stability
from latent_audit.vocabulary.checks import INTERVENTION, STABILITY
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_ASSESSED,
    NOT_SUPPORTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
    VerdictWord,
)


@dataclass(frozen=True)
class Together:
    """The verdict of a set: the rung on which it was found, its dimensions, the least cause and the least kept."""

    attributes: tuple[str, ...]
    rung: str
    verdict: VerdictWord
    reason: Reason
    members: tuple[int, ...]
    least_cause: Plain
    least_kept: Plain | None


def judge_set(
    model: Plain,
    names: Sequence[str],
    places: sharing.Places,
    family: Family | None,
    thresholds: Thresholds,
) -> Together | None:
    """Returns the verdict of a set on the first rung on which it was tried and holds, else on the strongest one."""
    tried = [row for row in model["places"]["shared"] if tuple(row["attributes"]) == tuple(names)]
    judged = []
    for row in tried:
        checks = {INTERVENTION: swap_check(model, row, places, thresholds)}
        if family is not None:
            checks[STABILITY] = _stability(names, row["rung"], family, thresholds)
        decisive = min(checks.values(), key=lambda check: STRENGTH[check.verdict])
        word = PARTLY_SUPPORTED if decisive.verdict == NOT_ASSESSED else decisive.verdict
        text = checks[INTERVENTION].reason
        if decisive is not checks[INTERVENTION] and decisive.verdict != SUPPORTED:
            text = reason("partly_one_set", text=text, why=decisive.reason)
        kept = min(
            (found["estimate"] for found in row["swapped"]["kept"] if found["estimate"]["value"] is not None),
            key=lambda estimate: estimate["value"],
            default=None,
        )
        cause = _least(row["swapped"]["causes"])
        judged.append(
            Together(tuple(names), row["rung"], word, text, tuple(row["members"]), cause["estimate"], kept)
        )
    return max(judged, key=lambda found: STRENGTH[found.verdict], default=None)


def swap_check(model: Plain, row: Plain, places: sharing.Places, thresholds: Thresholds) -> RungCheck:
    """Returns the interchange check of a set: each of its attributes moved, all others kept."""
    swapped, least, limit = row["swapped"], thresholds.cause_min, f"{thresholds.cause_min:g}"
    names = part_of_code(row["rung"], [dimension_name(model, j) for j in sorted(row["members"])])
    lowest = _least(swapped["causes"])
    value, cause, attribute = lowest["estimate"], in_words(lowest["estimate"]), lowest["attribute"]
    against = interval_against(value, least)
    evidence = [place for name, place in places.items() if name in row["attributes"]]
    associated = all(
        any(is_associated(found["association"], thresholds) for found in place["rungs"]) for place in evidence
    )
    if against == "below" or swapped["p_adjusted"] > thresholds.significance or not associated:
        found = reason("set_below", names=names, cause=cause, attribute=attribute, limit=limit)
        return RungCheck(NOT_SUPPORTED, found, value, least)
    if against == "crosses":
        found = reason("set_crosses", names=names, cause=cause, attribute=attribute, limit=limit)
        return RungCheck(INCONCLUSIVE, found, value, least)
    left_out = _explained(row, places)
    others = [found for found in swapped["kept"] if found["attribute"] not in left_out]
    changed = changed_by(swapped, thresholds, left_out)
    if not others:
        found = reason("set_undefined", names=names, cause=cause, attribute=attribute)
        return RungCheck(PARTLY_SUPPORTED, found, value, least)
    if changed:
        others_said = kept_in_words(changed)
        found = reason("set_changes", names=names, cause=cause, attribute=attribute, others=others_said)
        return RungCheck(PARTLY_SUPPORTED, found, value, least)
    kept = kept_in_words([min(others, key=lambda found: found["estimate"]["value"])])
    found = reason("set_isolates", names=names, cause=cause, attribute=attribute, kept=kept)
    return RungCheck(SUPPORTED, found, value, least)


def _explained(row: Plain, places: sharing.Places) -> frozenset[str]:
    """Returns the attributes that one of the set explains away."""
    found: frozenset[str] = frozenset()
    for name in row["attributes"]:
        if any(one["rung"] == DIRECTION for one in places[name]["rungs"]):
            found |= places.explained_by(name, DIRECTION)
    return found - frozenset(row["attributes"])


def _stability(names: Sequence[str], rung: str, family: Family, thresholds: Thresholds) -> RungCheck:
    """A seed holds where each attribute does by itself, or in a set that holds."""
    strengths = []
    for seed, model in enumerate(family.seeds):
        places = sharing.Places(model, thresholds)
        sets = [
            (row["attributes"], STRENGTH[swap_check(model, row, places, thresholds).verdict])
            for row in model["places"]["shared"]
        ]
        strengths.append(
            min(
                max(
                    family.best(seed, name, rung),
                    max((strength for members, strength in sets if name in members), default=0),
                )
                for name in names
            )
        )
    values = [family.likeness(name, rung) for name in names]
    known = [value for value in values if value is not None and value["value"] is not None]
    lowest = min(known, key=lambda value: value["value"]) if len(known) == len(values) else None
    return judge_stability(strengths, lowest, thresholds)


def _least(causes: Sequence[Plain]) -> Plain:
    return min(causes, key=lambda row: -1.0 if row["estimate"]["value"] is None else row["estimate"]["value"])
