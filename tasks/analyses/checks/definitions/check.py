"""What a check is: an id, a rule that judges a claim, and what would change an unfavourable result.

Rules take plain results as they are in audit.json, so that anyone who has the file can compute the verdicts again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latent_audit.tasks.analyses.checks.check_rules import CURRENT_RULES, ClaimRules, dimension_name
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.verdicts import VerdictWord

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class CheckVerdict:
    """The verdict of one check, its reason, and the number (with interval) that was held against a threshold."""

    verdict: VerdictWord
    reason: Reason
    statistic: Reason
    value: Plain | None
    threshold: float


@dataclass(frozen=True)
class Seeds:
    """A claim in all trained seeds of a model.

    strengths: STRENGTH of the checks of one model in each seed. here: that of the model that is judged. section: the
    model's section of `stability` in audit.json, None where there is none.
    """

    strengths: Sequence[int]
    here: int
    section: Plain | None


@dataclass(frozen=True)
class Claim:
    """The claim that a dimension encodes an attribute, in one trained model.

    model: the model's section of audit.json. row: the attribute's row of `specificity` in it. seeds: None while only
    checks of one model are judged.
    """

    model: Plain
    row: Plain
    thresholds: Thresholds
    seeds: Seeds | None = None
    rules: ClaimRules = CURRENT_RULES

    @property
    def attribute(self) -> str:
        """The claimed attribute."""
        return str(self.row["attribute"])

    @property
    def dimension(self) -> str:
        """The name of the claimed dimension."""
        return dimension_name(self.model, self.row["dimension"])


@dataclass(frozen=True)
class Check:
    """One check. `id` names it in audit.json and in the messages (`check.ID.name`, `check.ID.question`).

    verdict_of: returns the verdict on a claim. would_change: returns what would have to be found for a claim that is
    not or partly supported by this check. needs_seeds: whether the rule compares several trained seeds.
    """

    id: str
    verdict_of: Callable[[Claim], CheckVerdict]
    would_change: Callable[[CheckVerdict], Reason]
    needs_seeds: bool = False
