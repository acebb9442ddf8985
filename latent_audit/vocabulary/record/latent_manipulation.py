"""Interpolation, attribute arithmetic, boundary editing and perturbation of codes; variations that settings ask for."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, NotApplicable


class EditOutcome(TypedDict):
    """How often an edit changed its attribute, and how often it kept the others."""

    success: Estimate
    others_kept: Estimate | None


class Path(TypedDict):
    """How straight and how even one kind of path between two images is."""

    kind: str
    straightness: Estimate
    largest_step: Estimate


class Interpolation(TypedDict):
    """Paths between pairs of images."""

    paths: list[Path] | NotApplicable
    pairs: int
    steps: int
    shown: int
    pictures: ArrayFile


class Arithmetic(TypedDict):
    """An attribute's mean direction added to codes, beside a random direction."""

    attribute: str
    meaning: str
    plain: EditOutcome | None
    conditional: EditOutcome | None
    random: EditOutcome | None
    cosine: float | None
    reason: str | None
    reason_message: NotRequired[Reason]
    pictures: ArrayFile


class BoundaryEdit(TypedDict):
    """Codes that are moved across the boundary of one attribute."""

    attribute: str
    meaning: str
    accuracy: Estimate | None
    primal: EditOutcome | None
    conditional: EditOutcome | None
    kept_share: float | None
    reason: str | None
    reason_message: NotRequired[Reason]
    strip: ArrayFile


class Boundaries(TypedDict):
    """Edits along normals of linear boundaries."""

    steps: list[float]
    edits: list[BoundaryEdit]


class PerturbedDimension(TypedDict):
    """What noise on one dimension does to the image and to each attribute."""

    dimension: int
    name: str
    image: Estimate
    attributes: list[Estimate | NotApplicable]


class Perturbation(TypedDict):
    """Noise on single dimensions."""

    attributes: list[str]
    units: list[str]
    noise: float
    rows: list[PerturbedDimension]


class FrechetDistances(TypedDict):
    """Distance of samples, and of other real images, from real images."""

    samples: Estimate
    real: Estimate


class LatentManipulation(TypedDict):
    """What becomes of images when their codes are changed."""

    interpolation: Interpolation
    arithmetic: list[Arithmetic]
    boundaries: Boundaries
    perturbation: Perturbation
    frechet: FrechetDistances | NotApplicable


class NoisySheet(TypedDict):
    """A row an image: its reconstruction, then `draws` codes with noise of each level, in standard deviations."""

    levels: list[float]
    draws: int
    pictures: ArrayFile


class DisturbedSheet(TypedDict):
    """A row an image: its reconstruction, then `noise` standard deviations added to one of `dimensions` each."""

    noise: float
    dimensions: list[int]
    pictures: ArrayFile


class Sum(TypedDict):
    """Pictures of the codes of three images a, b and c, and of a - b + c."""

    images: list[str]
    pictures: ArrayFile


class Way(TypedDict):
    """Two images joined in `steps`: the straight line, then the way around the sphere."""

    images: list[str]
    steps: int
    pictures: ArrayFile


class CombinedEdit(TypedDict):
    """Attributes added (+) and removed (-) together; success of all terms, and of each."""

    terms: list[str]
    attributes: list[str]
    success: Estimate | None
    each: list[Estimate]
    reason: str | None
    reason_message: NotRequired[Reason]
    pictures: ArrayFile


class Variations(TypedDict):
    """Everything that `explanations.variations` asks for."""

    noise: NoisySheet | None
    disturbed: DisturbedSheet | None
    sums: list[Sum]
    ways: list[Way]
    edits: list[CombinedEdit]
