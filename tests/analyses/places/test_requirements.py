"""Requirements: met by a place at least as strong, undecided where the data do not decide, else not met."""

from typing import Any

import pytest

from latent_audit.tasks.analyses.places.rules.requirements import judge_requirements


def place(
    rung: str, verdict: str, checks: tuple[str, ...] = (), others: tuple[tuple[str, str], ...] = ()
) -> dict[str, Any]:
    return {
        "model": "vae",
        "seed": 0,
        "attribute": "scale",
        "rung": rung,
        "verdict": verdict,
        "reason": {"text": "because"},
        "shares_with": [],
        "checks": {str(number): {"verdict": word} for number, word in enumerate(checks)},
        "rungs": [{"rung": name, "verdict": word} for name, word in others],
    }


@pytest.mark.parametrize(
    ("asked", "row", "status"),
    [
        (("direction", "supported"), place("direction", "supported"), "met"),
        (("direction", "supported"), place("dimension", "supported"), "met"),
        (("dimension", "supported"), place("direction", "supported"), "not_met"),
        (("block", "partly_supported"), place("direction", "partly_supported"), "met"),
        (("direction", "supported"), place("direction", "partly_supported"), "not_met"),
        (("direction", "supported"), place("direction", "inconclusive"), "undecided"),
        (("direction", "supported"), place("read", "not_tested"), "undecided"),
        (("direction", "supported"), place("none", "not_supported"), "not_met"),
        (
            ("direction", "supported"),
            place("direction", "partly_supported", ("supported", "supported", "supported", "not_assessed")),
            "undecided",
        ),
        (
            ("dimension", "partly_supported"),
            place("direction", "supported", others=(("dimension", "partly_supported"),)),
            "met",
        ),
    ],
)
def test_each_requirement_is_met_not_met_or_undecided(
    asked: tuple[str, str], row: dict[str, Any], status: str
) -> None:
    required = {"vae": {"scale": {"place": asked[0], "verdict": asked[1]}}}
    (judged,) = judge_requirements(required, [row], [], 0)
    assert judged.status == status
    assert (judged.found_place, judged.found_verdict) == (row["rung"], row["verdict"])


def test_what_is_not_known_is_undecided_and_other_seeds_do_not_count() -> None:
    required = {"vae": {"scale": {"place": "block", "verdict": "supported"}}}
    (judged,) = judge_requirements(required, [{**place("dimension", "supported"), "seed": 1}], [], 0)
    assert (judged.status, judged.found_place) == ("undecided", "")


def absence(
    word: str, *, exceeds: bool = False, given: tuple[str, ...] = (), seed: int = 0
) -> dict[str, Any]:
    return {
        "model": "vae",
        "seed": seed,
        "attribute": "sex",
        "given": list(given),
        "word": word,
        "exceeds": exceeds,
        "reason": {"text": word},
    }


@pytest.mark.parametrize(
    ("claims", "status", "found"),
    [
        ([absence("shown_absent")], "met", "shown_absent"),
        ([absence("held", exceeds=True)], "not_met", "held"),
        ([absence("not_shown", exceeds=True)], "not_met", "not_shown"),
        ([absence("not_shown")], "undecided", "not_shown"),
        ([absence("shown_absent"), absence("not_shown", given=("age",))], "undecided", "not_shown"),
        ([absence("not_shown"), absence("held", exceeds=True, given=("age",))], "not_met", "held"),
        ([absence("shown_absent", seed=1)], "undecided", ""),
        ([], "undecided", ""),
    ],
)
def test_absence_is_required_of_every_claim_on_the_attribute(
    claims: list[dict[str, Any]], status: str, found: str
) -> None:
    required = {"vae": {"sex": {"place": "absent", "verdict": "supported"}}}
    (judged,) = judge_requirements(required, [place("dimension", "supported")], claims, 0)
    assert (judged.place, judged.status, judged.found_place) == ("absent", status, found)
