"""What may be said of each attribute in each model, and the dimensions that no attribute claims."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import ArrayFile, Check, Estimate, Part
from latent_audit.vocabulary.record.on_request.two_classifiers import VerdictByClassifier
from latent_audit.vocabulary.verdicts import OverallWord


class CheckId(TypedDict):
    """One check by its id; `needs_seeds` is whether it compares trained seeds."""

    id: str
    needs_seeds: bool


class Checks(TypedDict):
    """The outcome of each check."""

    association: Check
    specificity: Check
    intervention: Check
    stability: Check


class Verdict(TypedDict):
    """The verdict on one attribute in one model: its weakest check, why, and what would change it."""

    model: str
    seed: int
    attribute: str
    dimension: int | None
    dimension_name: str | None
    verdict: OverallWord
    reason: str
    reason_message: NotRequired[Reason]
    effect: Part[Estimate]
    effect_unit: str | None
    checks: Checks
    would_change: str | None
    would_change_message: NotRequired[Reason]
    counter_examples: Part[ArrayFile]
    by_classifier: NotRequired[list[VerdictByClassifier]]
    differ: NotRequired[bool]
    difference: NotRequired[Estimate | None]


class UnclaimedAssociation(TypedDict):
    """An attribute that an unclaimed dimension is associated with."""

    attribute: str
    uncertainty: Part[Estimate]


class Unclaimed(TypedDict):
    """A dimension that no attribute claims."""

    model: str
    dimension: int
    name: str
    status: Literal["unused", "carries"]
    associations: list[UnclaimedAssociation]
