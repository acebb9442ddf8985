"""The independent attribute classifier that reads decoded images in the intervention check."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import Estimate, Part
from latent_audit.vocabulary.record.origin import Origin


class ClassifierScore(TypedDict):
    """How well one attribute is read in held-out images, beside what guessing gives."""

    attribute: str
    statistic: str
    estimate: Part[Estimate]
    chance: float | None


class Calibration(TypedDict):
    """How far the classifier's confidence in one attribute is its accuracy, overall and by bin of equal counts."""

    attribute: str
    confidence: Estimate
    accuracy: Estimate
    error: Estimate
    error_by_chance: float | None
    bin_confidence: list[float]
    bin_accuracy: list[float]


class Classifier(TypedDict):
    """The classifier: trained numbers, SHA-256 of its weights, and what it is worth.

    Of one that the user brings: `origin`, the attributes of the data that it does not read, and whether gradients pass
    through it. Its scores are of what it reads.
    """

    parameters: int | None
    weights_digest: str | None
    scores: list[ClassifierScore]
    calibration: NotRequired[list[Calibration]]
    origin: NotRequired[Origin]
    not_read: NotRequired[list[str]]
    gradients: NotRequired[bool]
