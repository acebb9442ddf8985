"""Where each attribute lives, for every model and seed: what stands under `where` in audit.json.

Computed from plain results alone, as verdicts are, so that anyone who has the file can compute it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from latent_audit.tasks.analyses.checks.check_rules import few_groups, in_words, without_decoder
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.evidence import BLOCK, DIRECTION, NONE, READ, RUNGS
from latent_audit.tasks.analyses.places.rules import sharing
from latent_audit.tasks.analyses.places.rules.rungs import (
    Plain,
    RungCheck,
    is_associated,
    names_of,
    part_of_code,
    weakest,
)
from latent_audit.tasks.analyses.places.rules.stability import Family, stability_check
from latent_audit.tasks.analyses.places.rules.together import Together, judge_set
from latent_audit.vocabulary.checks import INTERVENTION, STABILITY
from latent_audit.vocabulary.reasons import Reason, reason, reason_in
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


@dataclass(frozen=True)
class RungVerdict:
    """One rung of one attribute: its verdict, its reason, and its figures.

    cause and least_kept are estimates, with the attribute that is kept least; None where the swap was not tried.
    """

    rung: str
    verdict: VerdictWord
    reason: Reason
    uncertainty: Plain | None
    cause: Plain | None
    least_kept: Plain | None
    least_kept_attribute: str | None


@dataclass(frozen=True)
class Place:
    """Where one attribute lives in one trained model: a row of `where`.

    verdict: that of the rung, at most Partly supported where the place is shared and its own swap changes others.
    members: of the place. checks: of the rung. together: the attributes that share the place, tested as one.
    """

    model: str
    seed: int
    attribute: str
    rung: str
    verdict: VerdictWord
    reason: Reason
    members: Sequence[Plain]
    shares_with: tuple[str, ...]
    checks: Mapping[str, RungCheck]
    rungs: tuple[RungVerdict, ...]
    together: Together | None


def judge_places(
    models: Sequence[Plain],
    stability: Sequence[Plain],
    thresholds: Thresholds,
    unreadable: Mapping[str, Plain] = NOTHING,
) -> list[Place]:
    """Returns a row for each model, seed and attribute that places were measured of, in the order of `models`.

    stability: the section `place_stability` of audit.json. unreadable: "reason" of each attribute that cannot be
    audited.
    """
    likeness = {section["model"]: section for section in stability}
    measured = [model for model in models if model.get("places")]
    rows: list[Place] = []
    for model in measured:
        seeds = [other for other in measured if other["name"] == model["name"]]
        family = Family(seeds, likeness.get(model["name"]), thresholds)
        rows += _of_model(model, family, thresholds, unreadable)
    return rows


def places_of_control(
    control: Plain, thresholds: Thresholds, unreadable: Mapping[str, Plain] = NOTHING
) -> list[Place]:
    """Returns the rows of a control, which is not trained again: checks A to C decide."""
    return _of_model(control, None, thresholds, unreadable) if control.get("places") else []


def _of_model(
    model: Plain, family: Family | None, thresholds: Thresholds, unreadable: Mapping[str, Plain]
) -> list[Place]:
    places = sharing.Places(model, thresholds)
    sets = sharing.sharing_sets(model, thresholds)
    rows = []
    for name, place in places.items():
        checks = sharing.checks_by_rung(model, place, places, thresholds)
        if family is not None:
            checks = {
                rung: {**found, STABILITY: stability_check(family, name, rung, thresholds)}
                for rung, found in checks.items()
            }
        row = _place(model, place, checks, thresholds)
        mates = next((names for names in sets if name in names), ())
        # Sets are found by checks A to C: with D an attribute may have no place that it could share.
        if mates and row.checks:
            row = _shared(row, model, mates, places, family, thresholds)
        groups = few_groups(model["places"].get("groups"), thresholds)
        if groups is not None:
            row = _undecided(row, groups)
        if name in unreadable and not without_decoder(model):
            message = reason("not_readable", why=unreadable[name]["reason"])
            row = replace(row, verdict=NOT_TESTED, reason=message, rung=_read_or_none(place, thresholds))
        rows.append(row)
    return rows


def _undecided(row: Place, why: Reason) -> Place:
    """Returns the row of an attribute of which images of too few groups tell nothing."""
    rungs = tuple(replace(rung, verdict=INCONCLUSIVE) if rung.rung in RUNGS else rung for rung in row.rungs)
    return replace(row, verdict=INCONCLUSIVE, reason=why, rungs=rungs)


def _place(
    model: Plain, place: Plain, checks: Mapping[str, Mapping[str, RungCheck]], thresholds: Thresholds
) -> Place:
    words = {rung: word_of(found) for rung, found in checks.items()}
    all_hold = {
        rung: all(check.verdict in (SUPPORTED, NOT_ASSESSED) for check in found.values())
        for rung, found in checks.items()
    }
    chosen = sharing.choose(place, words, all_hold, thresholds)
    rungs = tuple(_rung(place, rung, found) for rung, found in checks.items())
    rungs = (*rungs, _reading(model, place, thresholds))
    if chosen is None:
        rung = _read_or_none(place, thresholds)
        verdict, message = _nowhere(model, place, rung, checks, thresholds)
        return Place(
            model["name"], model["seed"], place["attribute"], rung, verdict, message, (), (), {}, rungs, None
        )
    evidence = next(row for row in place["rungs"] if row["rung"] == chosen)
    return Place(
        model["name"],
        model["seed"],
        place["attribute"],
        chosen,
        words[chosen],
        _message(place, chosen, checks[chosen], words, thresholds),
        evidence["members"],
        (),
        checks[chosen],
        rungs,
        None,
    )


def word_of(checks: Mapping[str, RungCheck]) -> VerdictWord:
    """Returns the verdict of a rung: its weakest check, Partly supported where that could not be assessed."""
    word = checks[weakest(checks)].verdict
    return PARTLY_SUPPORTED if word == NOT_ASSESSED else word


def _message(
    place: Plain,
    rung: str,
    checks: Mapping[str, RungCheck],
    words: Mapping[str, str],
    thresholds: Thresholds,
) -> Reason:
    """Returns the reason of a place: what decides it, always with the figures of the swap."""
    swap, decisive = checks[INTERVENTION].reason, checks[weakest(checks)]
    if decisive.verdict == SUPPORTED or decisive is checks[INTERVENTION]:
        found = swap
    else:
        found = reason("partly_one_set", text=swap, why=decisive.reason)
    if rung == BLOCK and words.get(DIRECTION) is not None and sharing.gives_way(place, words, thresholds):
        found = reason("in_part_along_direction", text=found)
    return found


def _rung(place: Plain, rung: str, checks: Mapping[str, RungCheck]) -> RungVerdict:
    evidence = next(row for row in place["rungs"] if row["rung"] == rung)
    swapped = evidence["swapped"]
    kept = min(
        (row for row in (swapped or {"kept": ()})["kept"] if row["estimate"]["value"] is not None),
        key=lambda row: row["estimate"]["value"],
        default=None,
    )
    return RungVerdict(
        rung,
        word_of(checks),
        checks[weakest(checks)].reason,
        evidence["association"]["uncertainty"],
        None if swapped is None else swapped["causes"][0]["estimate"],
        None if kept is None else kept["estimate"],
        None if kept is None else kept["attribute"],
    )


def _reading(model: Plain, place: Plain, thresholds: Thresholds) -> RungVerdict:
    """Returns the rung `read`: whether any part of the code tells of the attribute."""
    best = max(
        place["rungs"], key=lambda row: row["association"]["uncertainty"]["value"] or 0.0, default=None
    )
    holds = any(is_associated(row["association"], thresholds) for row in place["rungs"])
    whole = place["whole_code"]["uncertainty"]
    found = reason("none", attribute=place["attribute"], limit=_told_at_most(place))
    if holds and best is not None:
        value = best["association"]["uncertainty"]
        found = reason(
            "associated",
            attribute=place["attribute"],
            where=part_of_code(best["rung"], names_of(model, best)),
            value=in_words(value),
            p=f"{best['association']['p_adjusted']:.2g}",
        )
        return RungVerdict(READ, SUPPORTED, found, value, None, None, None)
    return RungVerdict(READ, NOT_SUPPORTED, found, whole, None, None, None)


def _read_or_none(place: Plain, thresholds: Thresholds) -> str:
    return READ if any(is_associated(row["association"], thresholds) for row in place["rungs"]) else NONE


def _told_at_most(place: Plain) -> str:
    """Returns the largest upper limit of what the whole code or any part of it tells."""
    associations = (place["whole_code"], *(row["association"] for row in place["rungs"]))
    return f"{max(found['uncertainty']['high'] for found in associations):.2f}"


def _nowhere(
    model: Plain,
    place: Plain,
    rung: str,
    checks: Mapping[str, Mapping[str, RungCheck]],
    thresholds: Thresholds,
) -> tuple[VerdictWord, Reason]:
    name = place["attribute"]
    if rung == NONE:
        return NOT_SUPPORTED, reason("none", attribute=name, limit=_told_at_most(place))
    swaps = [found[INTERVENTION] for found in checks.values()]
    tested = [check for check in swaps if check.verdict != NOT_TESTED]
    if not tested:
        why = swaps[0].reason if place["testable"] else reason_in(place, "untestable_reason")
        drawn = next((row for row in model["places"].get("drawn", ()) if row["attribute"] == name), None)
        if drawn is not None:
            figures = {"value": in_words(drawn["uncertainty"]), "p": f"{drawn['p_adjusted']:.2g}"}
            if drawn["p_adjusted"] > thresholds.significance:
                return NOT_SUPPORTED, reason("read_not_shown", attribute=name, **figures)
            return NOT_TESTED, reason("read_shown_unread", attribute=name, **figures)
        return NOT_TESTED, reason("read", attribute=name, why=why)
    # The rung on which most was found says why it is no place.
    strongest = max(
        (rung for rung, found in checks.items() if found[INTERVENTION].verdict != NOT_TESTED),
        key=lambda rung: (
            STRENGTH[word_of(checks[rung])],
            (checks[rung][INTERVENTION].value or {}).get("value") or 0.0,
            -RUNGS.index(rung),
        ),
    )
    decisive = checks[strongest]
    text = decisive[weakest(decisive)].reason
    return NOT_SUPPORTED, reason("read_not_drawn", attribute=name, text=text)


def _shared(
    row: Place,
    model: Plain,
    names: Sequence[str],
    places: sharing.Places,
    family: Family | None,
    thresholds: Thresholds,
) -> Place:
    """Returns the row of an attribute that shares its place, beside the verdict of the set.

    At most Partly supported, unless its own swap leaves all others alone: then only the others' swaps change it.
    """
    others = tuple(name for name in names if name != row.attribute)
    swap = row.checks.get(INTERVENTION)
    isolates = swap is not None and swap.verdict == SUPPORTED
    word = row.verdict if isolates else min(row.verdict, PARTLY_SUPPORTED, key=lambda found: STRENGTH[found])
    together = judge_set(model, names, places, family, thresholds)
    if together is None:
        found = reason("partly_one_set", text=row.reason, why=reason("shared_with", others=list(others)))
    else:
        found = reason("together", text=row.reason, others=list(others), set_text=together.reason)
    return replace(row, verdict=word, reason=found, shares_with=others, together=together)
