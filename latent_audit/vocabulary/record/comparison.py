"""Models of one run side by side, the seeds of one model (check D), and effects by group of images."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import Estimate, Numbers, Part

# Which end of a measure is the good one.
Direction = Literal["higher", "lower", "none"]


class ComparedModel(TypedDict):
    """The measure of one model, over seeds and by seed."""

    model: str
    estimate: Part[Estimate]
    by_seed: NotRequired[list[float]]


class ComparedPair(TypedDict):
    """First less second."""

    first: str
    second: str
    estimate: Part[Estimate]
    seeds: NotRequired[Literal["above", "below", "overlap"]]


class Comparison(TypedDict):
    """One measure of every model."""

    measure: str
    unit: str | None
    better: Direction
    models: list[ComparedModel]
    differences: list[ComparedPair]


class AttributeStability(TypedDict):
    """One attribute under each seed: its dimension, the words of the first three checks, its association."""

    attribute: str
    dimensions: list[int | None]
    verdicts: list[str | None]
    same_dimension_strength: float | None
    uncertainty: Numbers


class Stability(TypedDict):
    """One model over its seeds."""

    model: str
    seeds: list[int]
    status: Literal["assessed", "not_assessed"]
    reason: str | None
    reason_message: NotRequired[Reason]
    matched_strength: Part[Estimate]
    attributes: list[AttributeStability]


class Group(TypedDict):
    """The effect in one group of images."""

    group: str
    effect: Part[Estimate]


class Subgroup(TypedDict):
    """The effect of a claimed dimension by the classes of another attribute."""

    model: str
    attribute: str
    dimension: int | None
    by: str
    groups: list[Group]
    difference: Part[Estimate]
    p_adjusted: float | None
