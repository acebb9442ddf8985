"""Models of one run side by side."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import Estimate, Part

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
