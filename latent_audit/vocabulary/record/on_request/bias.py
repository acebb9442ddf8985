"""Bias by a protected attribute: errors and decisions by subgroup, the attribute erased, and the word on it."""

from typing import Literal

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.absence import MeasuredAbsence, ReaderName
from latent_audit.vocabulary.record.comparison import Subgroup
from latent_audit.vocabulary.record.forms import Estimate, NotApplicable, Part
from latent_audit.vocabulary.record.places import PlaceReason


class SubgroupSize(TypedDict):
    """A subgroup of the images that were scored; too_few: fewer than 30, of which nothing is said."""

    group: str
    n: int
    too_few: bool


class GroupFigure(TypedDict):
    """A figure of one subgroup, its number of images in the estimate."""

    group: str
    figure: Estimate


class GroupErrors(TypedDict):
    """Errors by subgroup: of the classifier's readings of an attribute, or, where that is null, of reconstructions."""

    attribute: str | None
    statistic: str
    groups: list[GroupFigure]
    difference: Estimate


class FairnessGap(TypedDict):
    """A difference between subgroups; by_chance: its mean where subgroups are shuffled among images."""

    difference: Estimate
    by_chance: float
    p_adjusted: float


class Decision(TypedDict):
    """How the classifier, or a linear probe of the code as it is or with the attribute erased, decides on a class."""

    reader: Literal["classifier", "probe", "probe_erased"]
    attribute: str
    chosen: str
    base_rates: list[GroupFigure]
    selection_rates: list[GroupFigure]
    accuracy: Estimate
    demographic_parity: FairnessGap
    equalised_odds: FairnessGap | NotApplicable


class Readable(TypedDict):
    """What readers of a code find of the protected attribute; linear: a linear probe's score, chance: a constant's."""

    statistic: str
    linear: Estimate
    chance: float
    absence: MeasuredAbsence


class DrawnAttribute(TypedDict):
    """U of the strongest reader of what the decoder makes of codes."""

    attribute: str
    reader: ReaderName
    uncertainty: Estimate
    p_adjusted: float


class BeforeAndAfter(TypedDict):
    """A figure of the code as it is, and with the attribute erased; null where it was not measured."""

    before: Estimate | None
    after: Estimate | None


class OtherAttribute(TypedDict):
    """U of the whole code, and the cause of the direction, of an attribute that was not erased."""

    attribute: str
    uncertainty: BeforeAndAfter
    cause: BeforeAndAfter


class Remedy(TypedDict):
    """The attribute erased by LEACE, fitted on probe_fit and used on probe_test; rank: directions that it takes."""

    rank: int
    before: Readable
    after: Readable
    drawn_before: Part[DrawnAttribute]
    drawn_after: Part[DrawnAttribute]
    others: list[OtherAttribute]


class Bias(TypedDict):
    """One protected attribute in one model."""

    protected: str
    groups: list[SubgroupSize]
    errors: list[GroupErrors]
    reconstruction: Part[GroupErrors]
    effects: list[Subgroup]
    decisions: list[Decision]
    remedy: Remedy | NotApplicable


class Erasure(TypedDict):
    """The word on a protected attribute that was erased from the code of one model and seed."""

    model: str
    seed: int
    attribute: str
    word: Literal["shown_absent", "no_longer_linear", "still_read", "undecided"]
    reason: PlaceReason
