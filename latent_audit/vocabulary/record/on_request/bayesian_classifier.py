"""A classifier with a posterior over its weights: its scores, what it does not know of each image, and its maps."""

from typing import Literal

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.classifier import Calibration, ClassifierScore
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate


class AttributeUncertainty(TypedDict):
    """In the mean over images: the entropies in nats of an attribute with classes, the deviation of any other."""

    attribute: str
    classes: int | None
    total: Estimate | None
    expected: Estimate | None
    mutual: Estimate | None
    deviation: Estimate | None


class EntropiesByImage(TypedDict):
    """rows: (n,) of the data; nats: (n, attributes, 2), the expected entropy and the mutual information."""

    attributes: list[str]
    rows: ArrayFile
    nats: ArrayFile


class UncertainImages(TypedDict):
    """Images with most of one part, and their nats of both, summed over attributes."""

    rows: list[int]
    expected: list[float]
    mutual: list[float]
    pictures: ArrayFile


class MapOverDraws(TypedDict):
    """Maps of one response over draws of the weights: mean, standard deviation, where the sign is certain."""

    attribute: str
    response: str
    method: str
    images: ArrayFile
    mean: ArrayFile
    deviation: ArrayFile
    certain: ArrayFile
    certain_share: Estimate


class BayesianClassifier(TypedDict):
    """The classifier's network trained with uncertain weights; figures are of the mean prediction over draws."""

    weights: Literal["last", "all"]
    uncertain_weights: int
    prior_deviation: float
    kl_nats: float
    draws: int
    images: int
    scores: list[ClassifierScore]
    calibration: list[Calibration]
    uncertainty: list[AttributeUncertainty]
    by_image: EntropiesByImage | None
    most_mutual: UncertainImages | None
    most_expected: UncertainImages | None
    maps: list[MapOverDraws]
