"""Check D, stability: the other checks hold in enough trained seeds, in dimensions that order images alike.

Measured by `checks/stability.py`: rank correlations between the claimed dimensions of pairs of seeds. Supported where
the other checks hold in `seeds_share_min` of the seeds and the interval of the mean correlation lies at or above
`matched_strength_min`; partly supported where it lies below. Not assessed with fewer than `seeds_min` seeds.
"""

from latent_audit.tasks.analyses.checks.check_rules import in_words, interval_against
from latent_audit.tasks.analyses.checks.definitions.check import Check, CheckVerdict, Claim
from latent_audit.vocabulary.checks import STABILITY
from latent_audit.vocabulary.reasons import Reason, reason, reason_in
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_ASSESSED,
    NOT_SUPPORTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
    VerdictWord,
)

STATISTIC = reason("statistic.rank_correlation_between_seeds")
ASSESSED = "assessed"


def verdict_of(claim: Claim) -> CheckVerdict:
    """Returns the verdict on how well the finding repeats in other seeds."""
    assert claim.seeds is not None, "stability compares seeds"
    seeds, least = claim.seeds, claim.thresholds.matched_strength_min
    count = len(seeds.strengths)
    if seeds.section is None or seeds.section["status"] != ASSESSED or count < claim.thresholds.seeds_min:
        why = (
            reason_in(seeds.section)
            if seeds.section is not None and seeds.section["status"] != ASSESSED
            else reason("stability.few_seeds", seeds=str(count), needed=str(claim.thresholds.seeds_min))
        )
        return CheckVerdict(NOT_ASSESSED, why, STATISTIC, None, least)
    row = next(found for found in seeds.section["attributes"] if found["attribute"] == claim.attribute)
    value = row["same_dimension"]
    holds = sum(strength >= STRENGTH[PARTLY_SUPPORTED] for strength in seeds.strengths)
    undecided = sum(strength == STRENGTH[INCONCLUSIVE] for strength in seeds.strengths)
    word, key = _outcome(claim, holds, undecided, interval_against(value, least))
    why = reason(
        f"stability.{key}",
        holds=str(holds),
        elsewhere=str(holds - 1),
        undecided=str(undecided),
        seeds=str(count),
        others=str(count - 1),
        value=in_words(value),
        limit=f"{least:g}",
    )
    return CheckVerdict(word, why, STATISTIC, value, least)


def would_change(found: CheckVerdict) -> Reason:
    """Returns what would have to be found for the claim to be stable."""
    return reason("change.stability")


def _outcome(claim: Claim, holds: int, undecided: int, likeness: str) -> tuple[VerdictWord, str]:
    assert claim.seeds is not None
    enough = claim.thresholds.seeds_share_min * len(claim.seeds.strengths)
    if holds + undecided < enough:
        if claim.seeds.here < STRENGTH[PARTLY_SUPPORTED]:
            return NOT_SUPPORTED, "not_here"
        return NOT_SUPPORTED, "here_alone" if holds == 1 else "here_and_few"
    if holds < enough:
        return INCONCLUSIVE, "undecided"
    outcomes: dict[str, tuple[VerdictWord, str]] = {
        "above": (SUPPORTED, "holds"),
        "crosses": (INCONCLUSIVE, "crosses"),
        "below": (PARTLY_SUPPORTED, "unlike"),
    }
    return outcomes[likeness]


CHECK = Check(STABILITY, verdict_of, would_change, needs_seeds=True)
