"""Check C, intervention: dimensions are set to doses, and decoded images are read by the classifier."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import Estimate, Matrix, Numbers, Part


class Gate(TypedDict):
    """Whether the classifier reads an attribute in the model's reconstructions well enough."""

    attribute: str
    status: Literal["passed", "not_tested"]
    statistic: str | None
    value: float | None
    threshold: float | None
    reason: str | None
    reason_message: NotRequired[Reason]


class DoseResponse(TypedDict):
    """The mean response at each dose, with its interval."""

    dose: list[float]
    mean: Numbers
    low: Numbers
    high: Numbers
    response: str


class OffTarget(TypedDict):
    """The effect of the claimed dimension on another attribute."""

    attribute: str
    effect: Part[Estimate]


class EffectNull(TypedDict):
    """Effects of random directions and of an untrained decoder, beside the claim's own."""

    effect: float
    random_directions: list[float]
    untrained_decoder: list[float]
    p_adjusted: float


class InterventionClaim(TypedDict):
    """The effect of the claimed dimension on its attribute."""

    attribute: str
    dimension: int | None
    unit: str
    on_target: Part[Estimate]
    consistency: Part[Estimate]
    sign: Literal[-1, 0, 1] | None
    curve: Part[DoseResponse]
    off_target: list[OffTarget]
    null: NotRequired[EffectNull | None]


class Intervention(TypedDict):
    """The effects of all dimensions on all attributes, and the claims in detail."""

    images: int
    doses: list[float]
    gates: list[Gate]
    effect: Matrix
    effect_low: Matrix
    effect_high: Matrix
    p_adjusted: Matrix
    null_random_directions: NotRequired[list[float]]
    null_untrained_decoder: NotRequired[list[float]]
    claims: list[InterventionClaim]
