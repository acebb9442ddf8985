"""Check A, association: the claimed dimension and the attribute are associated beyond chance, and strongly enough.

Measured by `checks/association.py`: the uncertainty coefficient on held-out images, with family-wise p-values over all
dimensions and attributes. Supported where p is at most `significance` and the interval lies at or above
`uncertainty_min`; inconclusive where the interval crosses it, or where images are few and their folds disagree.
"""

from latent_audit.tasks.analyses.checks.check_rules import few_folds, in_words, interval_against
from latent_audit.tasks.analyses.checks.definitions.check import Check, CheckVerdict, Claim
from latent_audit.vocabulary.checks import ASSOCIATION
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import INCONCLUSIVE, NOT_SUPPORTED, SUPPORTED, VerdictWord


def verdict_of(claim: Claim) -> CheckVerdict:
    """Returns the verdict on the association of the claimed dimension and the attribute."""
    cells, least = claim.model["association"], claim.thresholds.uncertainty_min
    p_value = cells["p_adjusted"][list(cells["attributes"]).index(claim.attribute)][claim.row["dimension"]]
    value = claim.row["uncertainty"]
    word: VerdictWord
    if p_value > claim.thresholds.significance:
        word, key = NOT_SUPPORTED, "association.chance"
    else:
        outcomes: dict[str, tuple[VerdictWord, str]] = {
            "below": (NOT_SUPPORTED, "association.weak"),
            "crosses": (INCONCLUSIVE, "association.crosses"),
            "above": (SUPPORTED, "association.holds"),
        }
        word, key = outcomes[interval_against(value, least)]
    why = reason(
        key,
        dimension=claim.dimension,
        attribute=claim.attribute,
        value=in_words(value),
        limit=f"{least:g}",
        p=f"{p_value:.2g}",
    )
    unsettled = few_folds(claim.attribute, claim.row)
    if word == SUPPORTED and unsettled is not None:
        word, why = INCONCLUSIVE, unsettled
    return CheckVerdict(word, why, reason("statistic.uncertainty_coefficient"), value, least)


def would_change(found: CheckVerdict) -> Reason:
    """Returns what would have to be found for the association to be supported."""
    return reason("change.association", statistic=found.statistic, limit=f"{found.threshold:g}")


CHECK = Check(ASSOCIATION, verdict_of, would_change)
