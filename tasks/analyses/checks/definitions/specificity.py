"""Check B, specificity: no other dimension encodes the attribute as well, and this one encodes no other attribute.

Measured by `checks/specificity.py`: the gap to the runner-up dimension, and associations conditional on each correlated
attribute. Supported where the gap's interval lies at or above `gap_min`, the association survives conditioning, and no
conditional association with another attribute reaches `leakage_max`.
"""

from latent_audit.tasks.analyses.checks.check_rules import dimension_name, in_words, interval_against
from latent_audit.tasks.analyses.checks.definitions.check import Check, CheckVerdict, Claim, Plain
from latent_audit.vocabulary.checks import SPECIFICITY
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_SUPPORTED,
    PARTLY_SUPPORTED,
    SUPPORTED,
    VerdictWord,
)


def verdict_of(claim: Claim) -> CheckVerdict:
    """Returns the verdict on the gap to the runner-up, on conditioning and on leakage."""
    row, least = claim.row, claim.thresholds.gap_min
    conditional = row.get("conditional_gap") if claim.rules.conditional_gap else None
    gap, runner_up, undecidable = row["gap"], row["runner_up"], []
    if conditional is not None:
        gap, runner_up = conditional["estimate"], conditional["competitor"]
        undecidable = list(conditional["undecidable_by"])
    alone = runner_up is None
    against = interval_against(gap, least)
    leaks = [
        leak["attribute"]
        for leak in row["leakage"]
        if (leak["conditional_uncertainty"]["value"] or 0.0) >= claim.thresholds.leakage_max
    ]
    word: VerdictWord
    others: list[str] = []
    if against == "below":
        word, key = NOT_SUPPORTED, "specificity.alone_weak" if alone else "specificity.gap_small"
    elif against == "crosses":
        word, key = INCONCLUSIVE, "specificity.alone_crosses" if alone else "specificity.gap_crosses"
    elif row["explained_away_by"]:
        word, key, others = PARTLY_SUPPORTED, "specificity.explained_away", list(row["explained_away_by"])
    elif undecidable:
        word, key, others = PARTLY_SUPPORTED, "specificity.entangled", undecidable
    elif leaks:
        word, key, others = PARTLY_SUPPORTED, "specificity.leaks", leaks
    else:
        word, key = SUPPORTED, "specificity.alone_holds" if alone else "specificity.holds"
    why = reason(
        key,
        dimension=claim.dimension,
        runner_up=_competitor(claim, conditional, runner_up),
        attribute=claim.attribute,
        value=in_words(gap),
        limit=f"{least:g}",
        others=list(others),
    )
    statistic = "statistic.gap" if conditional is None else "statistic.conditional_gap"
    return CheckVerdict(word, why, reason(statistic), gap, least)


def _competitor(claim: Claim, conditional: Plain | None, runner_up: int | None) -> str | Reason:
    """Returns the strongest competing dimension, with the attribute beyond which it counts."""
    name = dimension_name(claim.model, runner_up)
    if conditional is None or not conditional["claimed_by"]:
        return name
    return reason("specificity.beyond", dimension=name, attribute=conditional["claimed_by"])


def would_change(found: CheckVerdict) -> Reason:
    """Returns what would have to be found for the dimension to be specific."""
    return reason("change.specificity")


CHECK = Check(SPECIFICITY, verdict_of, would_change)
