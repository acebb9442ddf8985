"""How a model was trained, and how well it reconstructs and samples."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, Numbers, Part


class Curve(TypedDict):
    """A value over training steps; losses are in nats per image."""

    step: list[float]
    value: Numbers


class Training(TypedDict):
    """How long a model was trained and why it ended."""

    steps: int
    images_seen: int | None
    stopped: str | None
    curves: dict[str, Curve]


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
    active_units: int | None
    collapsed: bool | None
    collapse_reason: str | None
    collapse_reason_message: NotRequired[Reason]
    reconstruction_pairs: Part[ArrayFile]
    samples: Part[ArrayFile]
    # From 1.1 on, of models that have such dimensions and no KL.
    free_dimensions: NotRequired[list[FreeDimension]]
