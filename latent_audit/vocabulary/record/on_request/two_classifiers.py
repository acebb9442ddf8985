"""A second classifier that judges too: itself, its evidence on a model, and its word beside the first one's."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.classifier import Classifier
from latent_audit.vocabulary.record.forms import Estimate, Part
from latent_audit.vocabulary.record.intervention import Intervention
from latent_audit.vocabulary.record.places import Places
from latent_audit.vocabulary.verdicts import OverallWord


class SecondClassifier(Classifier):
    """The second classifier; names: what the first and the second are called."""

    names: list[str]


class CauseDifference(TypedDict):
    """The cause of one swap by either classifier, and the first less the second, over the same pairs.

    part: dimension, direction or block, as in places; claim: the dimension that a verdict is on.
    """

    attribute: str
    part: str
    first: Estimate
    second: Estimate
    difference: Estimate


class SecondEvidence(TypedDict):
    """What the second classifier found of one model and seed."""

    intervention: Part[Intervention]
    places: Places
    differences: list[CauseDifference]


class VerdictByClassifier(TypedDict):
    """What one classifier's evidence gives for a claim."""

    classifier: str
    verdict: OverallWord
    reason: str
    reason_message: NotRequired[Reason]
