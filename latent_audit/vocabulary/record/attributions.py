"""Attribution maps with their sanity checks, and what they show together."""

from typing import Literal, NotRequired, final

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, Part, Undescribed


class Randomisation(TypedDict):
    """Rank correlation of maps with those of a model whose weights are random from this layer on."""

    layer: str
    rank_correlation: float | None


class AttributionChecks(TypedDict):
    """Whether maps follow the model that they explain."""

    convergence_delta: float | None
    infidelity: Part[Estimate]
    max_sensitivity: Part[Estimate]
    randomisation: list[Randomisation]
    faithful: bool | None
    reason: str
    reason_message: NotRequired[Reason]
    mass_inside: Part[Estimate]
    area_share: float | None
    mass_randomised: NotRequired[Estimate | None]
    verdict: NotRequired[Literal["passed", "passed_in_sign_only", "failed", "not_checked"]]
    faithful_places: NotRequired[Undescribed[bool | None]]


@final
class Attribution(TypedDict):
    """Maps of one method on one output of a network."""

    target: Literal["encoder", "decoder", "classifier", "discriminator"]
    method: str
    subject: str
    dimension: int | None
    images: ArrayFile
    maps: ArrayFile
    picked: list[str]
    picked_by: NotRequired[Undescribed[str | None]]
    mean_map: Part[ArrayFile]
    checks: AttributionChecks


class AttributionEvidence(TypedDict):
    """What the methods that passed their checks say together of one output."""

    target: str
    subject: str
    counted: list[str]
    signs_only: list[str]
    set_aside: list[str]
    agreement: float | None
    mass_inside: float | None
    area_share: float | None
    mass_randomised: NotRequired[float | None]
