"""What is trained or fitted on request beside a model: a CNN, a mixture, and the model without a class."""

from typing import Literal

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import ArrayFile, Estimate


class CnnGain(TypedDict):
    """Balanced accuracy of a CNN on held-out real images, without and with generated ones, and the difference."""

    attribute: str
    meaning: str
    without: Estimate
    with_generated: Estimate
    difference: Estimate


class AugmentedCnn(TypedDict):
    """A CNN trained on so many labelled images, with and without generated ones; means over repeats."""

    labelled: int
    generated: int
    held_out_images: int
    repeats: int
    steps: int
    gains: list[CnnGain]


class MixtureCandidate(TypedDict):
    """A number of components, and the mean log-likelihood of the images that choose between numbers."""

    components: int
    log_likelihood: float


class Mixture(TypedDict):
    """A mixture fitted to training images, beside a model: nats per image, over the same held-out images.

    dimensions: of each component, 0 for Bernoulli pixels. mixture: exact; bound: log p(x) under the model at least,
    exactly where `exact`; difference: bound less mixture. means: pictures of components, 16 at most.
    """

    components: int
    candidates: list[MixtureCandidate]
    mixture: Estimate
    elbo: Estimate
    bound: Estimate
    difference: Estimate
    pixels: Literal["gaussian", "bernoulli"]
    dimensions: int
    fitted_images: int
    draws: int
    exact: bool
    means: ArrayFile


class ScoreOfClass(TypedDict):
    """How well one score finds images of the class left out, and by how much better than PCA's error."""

    score: str
    auroc: Estimate
    above_pca: Estimate | None


class StrangeImage(TypedDict):
    """One image: its row in the data, its score, whether it is of the class left out, and the dimension whose code is
    furthest from the training images', with the distance in standard deviations.
    """

    row: int
    score: float
    left_out: bool
    dimension: int
    deviations: float


class StrangeImages(TypedDict):
    """A gallery: its images, and what the model makes of them."""

    images: list[StrangeImage]
    pictures: ArrayFile
    rebuilt: ArrayFile


class LeftOut(TypedDict):
    """A model trained once more without the images of a class, and how well they are found among held-out ones."""

    attribute: str
    value: str
    images: int
    left_out_images: int
    training_images: int
    scores: list[ScoreOfClass]
    judged_by: str
    most_anomalous: StrangeImages
    usual: StrangeImages
