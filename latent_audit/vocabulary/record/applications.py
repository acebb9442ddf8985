"""What a model can be used for: anomaly detection, compression, augmentation."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import Estimate


class AnomalyScore(TypedDict):
    """How well one score tells out-of-distribution images from held-out ones."""

    score: str
    auroc: Estimate
    inside: Estimate
    outside: Estimate


class AnomalyDetection(TypedDict):
    """Scores of held-out images and of out-of-distribution images."""

    outside_name: str
    inside_images: int
    outside_images: int
    scores: list[AnomalyScore]
    likelihood_misleads: bool | None
    not_applicable: str | None
    not_applicable_message: NotRequired[Reason]


class CompressionPoint(TypedDict):
    """Rate and distortion at one precision or size of the code."""

    at: float
    rate_bits: Estimate
    distortion: Estimate
    peak_signal_to_noise: float


class CompressionCurves(TypedDict):
    """Rate and distortion, by precision and by number of dimensions."""

    precision: list[CompressionPoint]
    size: list[CompressionPoint]
    raw_bits: int


class SizeDifference(TypedDict):
    """The model less PCA, both with so many numbers an image, over the same images."""

    dimensions: int
    rate_bits: Estimate
    distortion: Estimate


class BesidePca(TypedDict):
    """Principal components of the pixels of so many images, coded as the model's code is."""

    fitted_images: int
    curves: CompressionCurves
    differences: list[SizeDifference]


class Compression(CompressionCurves):
    """Rate and distortion of a model's code. `pca`: from 1.1 on."""

    pca: NotRequired[BesidePca]


class AugmentationPoint(TypedDict):
    """A classifier's score with and without generated images beside the labelled ones."""

    labelled: int
    generated: int
    without: Estimate
    with_generated: Estimate
    difference: Estimate


class Augmentation(TypedDict):
    """What generated images add to few labelled ones, for one attribute."""

    attribute: str
    meaning: str
    points: list[AugmentationPoint]


class Applications(TypedDict):
    """Three uses of a model, each with its measure."""

    anomaly: AnomalyDetection
    compression: Compression
    augmentation: list[Augmentation]
