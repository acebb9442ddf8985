"""How a model was trained, how well it reconstructs and samples, and how loose its evidence lower bound is."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, Numbers, Part


class Curve(TypedDict):
    """A value over training steps; losses are in nats per image."""

    step: list[float]
    value: Numbers


class FailedStart(TypedDict):
    """A start of a training that was given up: its seed, the step at which it ended, and why."""

    seed: int
    step: int
    reason: str
    reason_message: NotRequired[Reason]


class Training(TypedDict):
    """How long a model was trained and why it ended. failed_starts: where training.restarts allows another one."""

    steps: int
    images_seen: int | None
    stopped: str | None
    curves: dict[str, Curve]
    failed_starts: NotRequired[list[FailedStart]]


class FreeDimension(TypedDict):
    """Whether a dimension without a name lives: what it asks of a picture is read in it, and the decoder uses it.

    recovered: correlation of asked and read after rounding to 8 bits and pixel noise of 0.05. change: of the picture
    where the dimension is exchanged between images, as a share of exchanging the whole code.
    """

    index: int
    name: str
    recovered: Estimate
    change: float | None
    used: bool
    lives: bool


class Fitness(TypedDict):
    """Reconstruction and use of the code on `probe_test`, in nats per image."""

    reconstruction_nats_per_image: float | None
    kl_nats_per_image: float | None
    reconstruction: Part[Estimate]
    kl: Part[Estimate]
    # From 1.1 on: the evidence lower bound, null for a model without one.
    elbo: NotRequired[Part[Estimate]]
    active_units: int | None
    collapsed: bool | None
    collapse_reason: str | None
    collapse_reason_message: NotRequired[Reason]
    reconstruction_pairs: Part[ArrayFile]
    samples: Part[ArrayFile]
    # From 1.1 on, of models that have such dimensions and no KL.
    free_dimensions: NotRequired[list[FreeDimension]]


class WeightedBound(TypedDict):
    """log p(x) is at least `bound` (importance-weighted, Burda et al. 2016) by `draws` draws an image.

    effective: median over images of the effective sample size; reached: share of images where it is 10 or more.
    """

    draws: int
    bound: Estimate
    effective: float
    reached: float


class ImageGap(TypedDict):
    """One image, by its row in the data: nats by which its ELBO is too low at least."""

    row: int
    gap: float
    effective: float
    reached: bool


class Likelihood(TypedDict):
    """On `images` held-out images, in nats per image. exact: log p(x), null where it is not known.

    too_low: how far the ELBO is below log p(x) at least; exactly, where `exact` is known.
    """

    images: int
    elbo: Estimate
    bounds: list[WeightedBound]
    exact: Estimate | None
    too_low: Estimate
    by_image: list[ImageGap]
