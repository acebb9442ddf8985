"""What a model was required to show before the run, held against where its attributes live, and what is absent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from latent_audit.tasks.analyses.absence.rules import HELD, SHOWN_ABSENT
from latent_audit.tasks.analyses.places.evidence import RUNGS
from latent_audit.vocabulary.reasons import Reason, reason, verbatim
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_ASSESSED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
)

Plain = Mapping[str, Any]
MET: Final = "met"
NOT_MET: Final = "not_met"
UNDECIDED: Final = "undecided"
# In the place of a place: the model must not hold the attribute.
ABSENT: Final = "absent"
Status = Literal["met", "not_met", "undecided"]


@dataclass(frozen=True)
class JudgedRequirement:
    """One requirement, whether it is met, and what was found instead or as well."""

    model: str
    attribute: str
    place: str
    verdict: str
    status: Status
    found_place: str
    found_verdict: str
    reason: Reason


def judge_requirements(
    required: Mapping[str, Mapping[str, Plain]],
    where: Sequence[Plain],
    absent: Sequence[Plain],
    lead_seed: int,
) -> list[JudgedRequirement]:
    """Returns a row for each requirement, by the names of models and attributes.

    required: by model and attribute, "place" and the weakest "verdict" that counts. where, absent: the rows of
    audit.json. A place at least as strong counts, in the order dimension, direction, block. Of an attribute that must
    be absent every claim counts: with what is given, and without.
    """
    rows = {(row["model"], row["attribute"]): row for row in where if row["seed"] == lead_seed}
    claims = [row for row in absent if row["seed"] == lead_seed]
    return [
        _judge_absent(model, attribute, asked, [row for row in claims if _is_of(row, model, attribute)])
        if asked["place"] == ABSENT
        else _judge(model, attribute, asked, rows.get((model, attribute)))
        for model, by_attribute in sorted(required.items())
        for attribute, asked in sorted(by_attribute.items())
    ]


def _is_of(row: Plain, model: str, attribute: str) -> bool:
    return (row["model"], row["attribute"]) == (model, attribute)


def _judge_absent(model: str, attribute: str, asked: Plain, claims: Sequence[Plain]) -> JudgedRequirement:
    """Returns "met" where all claims are shown absent, and "not met" where one is held or exceeds the limit."""
    if not claims:
        why = reason("requirement.nothing_known", attribute=attribute, model=model)
        return JudgedRequirement(model, attribute, ABSENT, asked["verdict"], UNDECIDED, "", "", why)
    status: Status = MET if all(row["word"] == SHOWN_ABSENT for row in claims) else UNDECIDED
    decisive = next((row for row in claims if row["word"] != SHOWN_ABSENT), claims[0])
    for row in claims:
        if row["word"] == HELD or row["exceeds"]:
            status, decisive = NOT_MET, row
    return JudgedRequirement(
        model, attribute, ABSENT, asked["verdict"], status, decisive["word"], "", place_reason(decisive)
    )


def _judge(model: str, attribute: str, asked: Plain, row: Plain | None) -> JudgedRequirement:
    place, verdict = asked["place"], asked["verdict"]
    if row is None:
        why = reason("requirement.nothing_known", attribute=attribute, model=model)
        return JudgedRequirement(model, attribute, place, verdict, UNDECIDED, "", "", why)
    status = _status(place, verdict, row)
    return JudgedRequirement(
        model, attribute, place, verdict, status, row["rung"], row["verdict"], place_reason(row)
    )


def place_reason(row: Plain) -> Reason:
    """Returns the reason of a row of `where`, which has its English text beside key and values."""
    found = row["reason"]
    return Reason(key=found["key"], values=found["values"]) if "key" in found else verbatim(found["text"])


def _status(place: str, verdict: str, row: Plain) -> Status:
    reached = {row["rung"]: row["verdict"], **dict(_others(row))}
    allowed = [reached[rung] for rung in RUNGS[: RUNGS.index(place) + 1] if rung in reached]
    if any(STRENGTH[found] >= STRENGTH[verdict] for found in allowed):
        return MET
    if row["verdict"] == NOT_TESTED or INCONCLUSIVE in allowed or NOT_TESTED in allowed:
        return UNDECIDED
    # Too few seeds: all that could be tested holds, on a rung that counts.
    if _all_else_holds(row) and row["rung"] in RUNGS[: RUNGS.index(place) + 1] and verdict == SUPPORTED:
        return UNDECIDED
    return NOT_MET


def _others(row: Plain) -> Iterator[tuple[str, str]]:
    """Yields the other rungs of an attribute that can be tested by itself, with their verdicts."""
    if row["verdict"] != NOT_TESTED and not row["shares_with"]:
        for rung in row["rungs"]:
            if rung["rung"] in RUNGS and rung["rung"] != row["rung"]:
                yield rung["rung"], rung["verdict"]


def _all_else_holds(row: Plain) -> bool:
    words = [check["verdict"] for check in row["checks"].values()]
    return (
        row["verdict"] == PARTLY_SUPPORTED
        and NOT_ASSESSED in words
        and set(words) <= {SUPPORTED, NOT_ASSESSED}
    )
