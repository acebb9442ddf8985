"""Check E, activity: the claimed dimension carries information about the image.

Measured by the stage `fitness`: the mean KL of each dimension. Supported where it exceeds `unused_kl_nats`.
"""

from latent_audit.tasks.analyses.checks.definitions.check import Check, CheckVerdict, Claim
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import NOT_SUPPORTED, NOT_TESTED, SUPPORTED


def verdict_of(claim: Claim) -> CheckVerdict:
    """Returns whether the claimed dimension is active."""
    least, statistic = claim.thresholds.unused_kl_nats, reason("statistic.kl")
    kl = claim.model["dimensions"][claim.row["dimension"]].get("kl_nats")
    if kl is None:
        return CheckVerdict(NOT_TESTED, reason("activity.no_kl"), statistic, None, least)
    key = "activity.active" if kl > least else "activity.unused"
    why = reason(key, dimension=claim.dimension, value=f"{kl:.2f}", limit=f"{least:g}")
    value = {"value": kl, "low": None, "high": None, "n": None, "source": ""}
    return CheckVerdict(SUPPORTED if kl > least else NOT_SUPPORTED, why, statistic, value, least)


def would_change(found: CheckVerdict) -> Reason:
    """Returns what would have to be found for the dimension to be active."""
    return reason("change.activity", limit=f"{found.threshold:g}")


CHECK = Check("activity", verdict_of, would_change)
