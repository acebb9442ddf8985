"""Checks A and B, association and specificity, and the probes beside them."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import Estimate, Matrix, Part, Undescribed


class Association(TypedDict):
    """The uncertainty coefficients of all attributes and dimensions, with family-wise p-values."""

    attributes: list[str]
    uncertainty: Matrix
    low: Matrix
    high: Matrix
    p_adjusted: Matrix
    n: int
    groups: NotRequired[int | None]
    permutations: int
    null_max: list[float]
    statistic: NotRequired[Undescribed[Matrix]]


class ProbeResult(TypedDict):
    """The score of one kind of probe on one kind of codes."""

    probe: str
    codes: str
    estimate: Part[Estimate]


class Probe(TypedDict):
    """How well an attribute is predicted from whole codes, beside controls."""

    attribute: str
    statistic: str
    results: list[ProbeResult]
    selectivity: Part[Estimate]


class Leakage(TypedDict):
    """What the claimed dimension says of another attribute, with the claimed attribute held fixed."""

    attribute: str
    conditional_uncertainty: Part[Estimate]


class Conditioning(TypedDict):
    """What is left of the association with attribute `on` held fixed."""

    on: str
    uncertainty: Part[Estimate]
    survives: bool | None


class ConditionalGap(TypedDict):
    """The lead over the strongest other dimension, which counts beyond the attribute that claims it."""

    estimate: Estimate
    competitor: int | None
    claimed_by: str | None
    undecidable_by: list[str]


class Specificity(TypedDict):
    """The claimed dimension of an attribute, its runner-up, and what else it carries.

    folds_agreeing where images are few: how many folds chose the dimension.
    """

    attribute: str
    folds_agreeing: NotRequired[int | None]
    dimension: int | None
    uncertainty: Part[Estimate]
    runner_up: int | None
    gap: Part[Estimate]
    conditional_gap: NotRequired[ConditionalGap]
    leakage: list[Leakage]
    survives_conditioning: list[Conditioning]
    explained_away_by: list[str]
