"""The rules of one rung: what association, specificity and interchange of a coordinate must show.

Each takes plain results, as they stand in audit.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latent_audit.tasks.analyses.checks.check_rules import (
    dimension_name,
    few_folds,
    in_words,
    interval_against,
)
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.checks import ASSOCIATION, INTERVENTION, SPECIFICITY
from latent_audit.vocabulary.reasons import Reason, Value, reason, reason_in
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_SUPPORTED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
    VerdictWord,
)

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class RungCheck:
    """One check's verdict on a rung, with its reason and the number that was held against a limit."""

    verdict: VerdictWord
    reason: Reason
    value: Plain | None
    threshold: float


@dataclass(frozen=True)
class RungWords:
    """How a rung of an attribute and its members are named in reasons."""

    attribute: str
    rung: str
    names: list[str]

    def reason(self, key: str, **values: Value) -> Reason:
        """Returns a reason about this rung, which it names as `where`."""
        return reason(key, attribute=self.attribute, where=part_of_code(self.rung, self.names), **values)


def first_three(
    model: Plain,
    place: Plain,
    evidence: Plain,
    thresholds: Thresholds,
    left_out: frozenset[str] = frozenset(),
) -> dict[str, RungCheck]:
    """Returns association, specificity and interchange of one attribute on one rung.

    place: the attribute's evidence. left_out: attributes that the swap may change, since they are explained away by
    this one.
    """
    words = RungWords(place["attribute"], evidence["rung"], names_of(model, evidence))
    return {
        ASSOCIATION: _association(words, evidence, thresholds),
        SPECIFICITY: _specificity(words, evidence, thresholds),
        INTERVENTION: _interchange(words, place, evidence, thresholds, left_out),
    }


def part_of_code(rung: str, names: Sequence[str]) -> Reason:
    """Returns a part of the code as reasons name it: "a direction of z1, z6"."""
    return reason(f"where.{rung}", names=list(names))


def names_of(model: Plain, evidence: Plain) -> list[str]:
    """Returns the names of a rung's members, ascending."""
    dimensions = sorted(member["dimension"] for member in evidence["members"])
    return [dimension_name(model, dimension) for dimension in dimensions]


def is_associated(association: Plain, thresholds: Thresholds) -> bool:
    """Returns whether check A holds on a coordinate."""
    beyond_chance = association["p_adjusted"] <= thresholds.significance
    return (
        beyond_chance and interval_against(association["uncertainty"], thresholds.uncertainty_min) == "above"
    )


def explained_away_by(evidence: Plain, thresholds: Thresholds) -> list[str]:
    """Returns the attributes that, held fixed, leave next to nothing of what a coordinate tells of its own."""
    enough = min(thresholds.survives_min, evidence["association"]["uncertainty"]["value"] / 2.0)
    return [
        row["attribute"]
        for row in evidence["conditioning"]
        if row["value"] is None or row["value"] < enough or row["p_value"] > thresholds.significance
    ]


def changed_by(swapped: Plain, thresholds: Thresholds, left_out: frozenset[str]) -> list[Plain]:
    """Returns the attributes, with what is kept of each, that a swap does not clearly leave as they were."""
    return [
        row
        for row in swapped["kept"]
        if row["attribute"] not in left_out
        and interval_against(row["estimate"], thresholds.isolate_min) != "above"
    ]


def weakest(checks: Mapping[str, RungCheck]) -> str:
    """Returns the name of the weakest check, the first among equals."""
    return min(checks, key=lambda name: STRENGTH[checks[name].verdict])


def strength_of_made(checks: Mapping[str, RungCheck]) -> int:
    """Returns the STRENGTH of the weakest check that could be made."""
    return min(STRENGTH[check.verdict] for check in checks.values() if check.verdict != NOT_TESTED)


def _association(words: RungWords, evidence: Plain, thresholds: Thresholds) -> RungCheck:
    found, least = evidence["association"], thresholds.uncertainty_min
    value, p = found["uncertainty"], f"{found['p_adjusted']:.2g}"
    against = interval_against(value, least)
    if found["p_adjusted"] > thresholds.significance:
        return RungCheck(NOT_SUPPORTED, words.reason("no_association", p=p), value, least)
    if against == "below":
        return RungCheck(
            NOT_SUPPORTED, words.reason("too_weak", value=in_words(value), limit=f"{least:g}"), value, least
        )
    if against == "crosses":
        message = words.reason("association_crosses", value=in_words(value), limit=f"{least:g}")
        return RungCheck(INCONCLUSIVE, message, value, least)
    unsettled = few_folds(words.attribute, evidence)
    if unsettled is not None:
        return RungCheck(INCONCLUSIVE, unsettled, value, least)
    return RungCheck(SUPPORTED, words.reason("associated", value=in_words(value), p=p), value, least)


def _specificity(words: RungWords, evidence: Plain, thresholds: Thresholds) -> RungCheck:
    gap, least = evidence["gap"], thresholds.gap_min
    if gap is None:
        return RungCheck(NOT_TESTED, words.reason("not_measured"), None, least)
    value, against = gap["estimate"], interval_against(gap["estimate"], least)
    others = explained_away_by(evidence, thresholds)
    if against != "above":
        alone = gap["competitor"] is None
        key = {"below": "gap_alone" if alone else "gap_below"}.get(
            against, "gap_alone_crosses" if alone else "gap_crosses"
        )
        message = words.reason(
            key, competitor=gap["competitor"] or "", value=in_words(value), limit=f"{least:g}"
        )
        return RungCheck(NOT_SUPPORTED if against == "below" else INCONCLUSIVE, message, value, least)
    if others:
        return RungCheck(PARTLY_SUPPORTED, words.reason("explained_away", others=list(others)), value, least)
    if gap["undecidable_by"]:
        message = words.reason("entangled", others=list(gap["undecidable_by"]))
        return RungCheck(PARTLY_SUPPORTED, message, value, least)
    leaks = [
        row["attribute"] for row in evidence["leakage"] if (row["value"] or 0.0) >= thresholds.leakage_max
    ]
    if leaks:
        return RungCheck(PARTLY_SUPPORTED, words.reason("leaks", others=list(leaks)), value, least)
    return RungCheck(SUPPORTED, words.reason("specific", value=in_words(value)), value, least)


def _interchange(
    words: RungWords, place: Plain, evidence: Plain, thresholds: Thresholds, left_out: frozenset[str]
) -> RungCheck:
    least = thresholds.cause_min
    if not place["testable"]:
        message = words.reason("not_readable", why=reason_in(place, "untestable_reason"))
        return RungCheck(NOT_TESTED, message, None, least)
    if evidence["swapped"] is None:
        return RungCheck(NOT_TESTED, words.reason("not_measured"), None, least)
    own = _swap(words, evidence["swapped"], thresholds, left_out, ())
    held = evidence["held"]
    if own.verdict == PARTLY_SUPPORTED and held is not None:
        if held["swapped"] is None:
            message = words.reason("inseparable", cause=in_words(own.value), others=list(held["attributes"]))
            return RungCheck(PARTLY_SUPPORTED, message, own.value, least)
        other = _swap(words, held["swapped"], thresholds, left_out, held["attributes"])
        if other.verdict == SUPPORTED:
            return other
    return own


def _swap(
    words: RungWords,
    swapped: Plain,
    thresholds: Thresholds,
    left_out: frozenset[str],
    held: Sequence[str],
) -> RungCheck:
    least, value = thresholds.cause_min, swapped["causes"][0]["estimate"]
    cause, limit = in_words(value), f"{least:g}"
    against = interval_against(value, least)
    if swapped["p_adjusted"] > thresholds.significance:
        message = words.reason("not_moved", cause=cause, p=f"{swapped['p_adjusted']:.2g}")
        return RungCheck(NOT_SUPPORTED, message, value, least)
    if against == "below":
        return RungCheck(NOT_SUPPORTED, words.reason("cause_below", cause=cause, limit=limit), value, least)
    if against == "crosses":
        return RungCheck(INCONCLUSIVE, words.reason("cause_crosses", cause=cause, limit=limit), value, least)
    others = [row for row in swapped["kept"] if row["attribute"] not in left_out]
    if not others:
        return RungCheck(PARTLY_SUPPORTED, words.reason("isolate_undefined", cause=cause), value, least)
    changed = changed_by(swapped, thresholds, left_out)
    if changed:
        message = words.reason("also_changes", cause=cause, others=kept_in_words(changed))
        return RungCheck(PARTLY_SUPPORTED, message, value, least)
    lowest = min(others, key=lambda row: row["estimate"]["value"])
    kept = kept_in_words([lowest])
    if held:
        message = words.reason("isolates_held", cause=cause, kept=kept, held=list(held))
    else:
        message = words.reason("isolates", cause=cause, kept=kept)
    return RungCheck(SUPPORTED, message, value, least)


def kept_in_words(rows: Sequence[Plain]) -> list[str | Reason]:
    """Returns attributes with what is kept of each, least first: "posX (kept 0.57 [0.51, 0.62])"."""
    ordered = sorted(rows, key=lambda row: row["estimate"]["value"])
    return [reason("kept", attribute=row["attribute"], value=in_words(row["estimate"])) for row in ordered]
