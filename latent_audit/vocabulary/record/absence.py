"""Claims that a code does not hold an attribute: what was measured, and the word that follows."""

from typing import Literal

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import Estimate
from latent_audit.vocabulary.record.places import PlaceReason

ReaderName = Literal["linear", "boosting", "neighbours"]


class ReaderScore(TypedDict):
    """U of a reader's predictions of images of probe_fit that it was not fitted on."""

    reader: ReaderName
    uncertainty: float


class Planted(TypedDict):
    """Upper 95 % limits of what the linear reader tells of attributes of a known U, planted in the same codes."""

    uncertainty: float
    highs: list[float]


class MeasuredAbsence(TypedDict):
    """What the readers of one code tell of one attribute, on probe_test by the reader that was chosen."""

    attribute: str
    given: list[str]
    fit_images: int
    readers: list[ReaderScore]
    reader: ReaderName
    uncertainty: Estimate
    p_adjusted: float
    planted: list[Planted]


class Absence(TypedDict):
    """The word on one claim of absence in one model and seed."""

    model: str
    seed: int
    attribute: str
    given: list[str]
    word: Literal["shown_absent", "held", "not_shown"]
    exceeds: bool
    reason: PlaceReason
    uncertainty: Estimate
