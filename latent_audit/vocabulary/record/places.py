"""Where attributes live in a model's code: what was measured on each rung, and the place that follows."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason, Value
from latent_audit.vocabulary.record.forms import Estimate
from latent_audit.vocabulary.verdicts import OverallWord, VerdictWord

PartOfCode = Literal["dimension", "direction", "block"]
RungWord = Literal["dimension", "direction", "block", "read", "none"]


class PlaceReason(TypedDict):
    """A reason as a key with values, and its English sentence."""

    key: str
    values: dict[str, Value]
    text: str


class PlaceCheck(TypedDict):
    """The outcome of one check on a rung."""

    verdict: VerdictWord
    reason: PlaceReason
    value: Estimate | None
    threshold: float


class Member(TypedDict):
    """A dimension of a place; its coefficient is null for dimensions and blocks."""

    dimension: int
    coefficient: float | None
    low: float | None
    high: float | None


class CoordinateAssociation(TypedDict):
    """U of a coordinate, with its p over all rungs and attributes of the model."""

    uncertainty: Estimate
    p_adjusted: float


class NamedEstimate(TypedDict):
    """An estimate for one attribute."""

    attribute: str
    estimate: Estimate


class Swapped(TypedDict):
    """What swapping a part of the code does: cause on its attribute, kept for each other one."""

    causes: list[NamedEstimate]
    kept: list[NamedEstimate]
    p_adjusted: float | None


class Concentration(TypedDict):
    """Over how many dimensions a direction's pattern spreads."""

    participation_ratio: Estimate
    dimensions: Estimate


class CoordinateGap(TypedDict):
    """U of the coordinate minus that of its strongest competitor."""

    estimate: Estimate
    competitor: str | None
    claimed_by: str | None
    undecidable_by: list[str]


class ConditionalTest(TypedDict):
    """What a coordinate tells of another attribute, or given one, with its p."""

    attribute: str
    value: float | None
    p_value: float


class Held(TypedDict):
    """A direction with the filters of other attributes held."""

    attributes: list[str]
    swapped: Swapped | None


class MeasuredRung(TypedDict):
    """What was measured on one rung of the ladder; folds_agreeing where images are few: folds that chose the part."""

    rung: PartOfCode
    folds_agreeing: NotRequired[int | None]
    members: list[Member]
    concentration: Concentration | None
    association: CoordinateAssociation
    gap: CoordinateGap | None
    leakage: list[ConditionalTest]
    conditioning: list[ConditionalTest]
    swapped: Swapped | None
    held: Held | None


class MeasuredAttribute(TypedDict):
    """What was measured for one attribute."""

    attribute: str
    testable: bool
    untestable_reason: str
    untestable_reason_message: NotRequired[Reason]
    whole_code: CoordinateAssociation
    rungs: list[MeasuredRung]


class SharedPart(TypedDict):
    """A set of attributes that share a part of the code, swapped together."""

    attributes: list[str]
    rung: PartOfCode
    members: list[int]
    swapped: Swapped


class ClaimedSwap(TypedDict):
    """The swap of the dimension that is claimed for an attribute, with its p over all claims."""

    attribute: str
    dimension: int
    cause: Estimate
    p_adjusted: float


class Drawn(TypedDict):
    """What readers of reconstructions tell of an attribute that the classifier cannot read in them."""

    attribute: str
    reader: Literal["linear", "boosting", "neighbours"]
    uncertainty: Estimate
    p_adjusted: float


class Places(TypedDict):
    """The measurements that the rows of `where` follow from, for one model and seed."""

    pairs: int
    images: int
    groups: NotRequired[int | None]
    permutations: int
    used: list[bool]
    changes: list[float]
    attributes: list[MeasuredAttribute]
    shared: list[SharedPart]
    claimed: NotRequired[list[ClaimedSwap]]
    drawn: NotRequired[list[Drawn]]


class RungVerdict(TypedDict):
    """The verdict on one rung, with the figures that decide."""

    rung: RungWord
    verdict: OverallWord
    reason: PlaceReason
    uncertainty: Estimate | None
    cause: Estimate | None
    least_kept: Estimate | None
    least_kept_attribute: str | None


class Together(TypedDict):
    """The verdict on a set of attributes that share a place."""

    attributes: list[str]
    rung: PartOfCode
    verdict: OverallWord
    reason: PlaceReason
    members: list[int]
    least_cause: Estimate
    least_kept: Estimate | None


class PlaceByClassifier(TypedDict):
    """The place that one of two classifiers' evidence gives."""

    classifier: str
    rung: RungWord
    verdict: OverallWord
    reason: PlaceReason


class Place(TypedDict):
    """Where one attribute lives in one model and seed."""

    model: str
    seed: int
    attribute: str
    rung: RungWord
    verdict: OverallWord
    reason: PlaceReason
    members: list[Member]
    shares_with: list[str]
    checks: dict[str, PlaceCheck]
    rungs: list[RungVerdict]
    together: Together | None
    by_classifier: NotRequired[list[PlaceByClassifier]]
    differ: NotRequired[bool]
    difference: NotRequired[Estimate | None]


class PlaceStrength(TypedDict):
    """The mean rank correlation of a coordinate between pairs of seeds."""

    attribute: str
    rung: PartOfCode
    strength: Estimate


class PlaceStability(TypedDict):
    """How alike the seeds of a model are in where attributes live."""

    model: str
    seeds: list[int]
    attributes: list[PlaceStrength]


class Requirement(TypedDict):
    """What the settings require of an attribute in a model, and whether it is shown."""

    model: str
    attribute: str
    place: PartOfCode | Literal["absent"]
    verdict: OverallWord
    status: Literal["met", "not_met", "undecided"]
    found_place: str
    found_verdict: str
    reason: str
    reason_message: NotRequired[Reason]
