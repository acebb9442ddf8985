"""Pictures of the latent space: traversals of single dimensions, and projections of all codes."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, Matrix, Part
from latent_audit.vocabulary.record.places import PartOfCode


class TraversalRow(TypedDict):
    """One dimension of the traversal sheet."""

    dimension: int
    name: str
    kl_nats: float | None


class Traversal(TypedDict):
    """Decoded images along each dimension, a row a dimension and a column a quantile.

    anchors, files: the held-out images that the strips start from, by their numbers, and their files. shifted: the
    first of them with each of `shifts` added to one dimension of its code, a row a dimension.
    """

    sheet: ArrayFile
    rows: list[TraversalRow]
    quantiles: list[float]
    values: Matrix
    anchors: NotRequired[list[int]]
    files: NotRequired[list[str] | None]
    shifts: NotRequired[list[float]]
    shifted: NotRequired[ArrayFile]


class Exemplars(TypedDict):
    """Held-out images at both ends of dimensions: dimension by dimension, lowest values first."""

    dimensions: list[int]
    images_an_end: int
    pictures: ArrayFile


class LatentResponses(TypedDict):
    """Which dimension answers when one is set to another image's value, decoded and encoded again."""

    images: int
    response: Matrix
    comes_back: list[float | None]
    ignored: list[bool]
    exemplars: Exemplars


class Clusters(TypedDict):
    """Clusters of the codes, and how far they agree with each attribute."""

    count: int | None
    silhouette: float | None
    adjusted_rand: dict[str, float | None]


class Projection(TypedDict):
    """Codes in two or three dimensions, and how far that keeps neighbourhoods."""

    method: str
    components: int
    seed: int | None
    coordinates: ArrayFile
    rows: ArrayFile
    values: ArrayFile
    trustworthiness: float | None
    continuity: float | None
    clusters: Part[Clusters]


class PlaceFrames(TypedDict):
    """One image decoded with the place of an attribute at a few levels: frames of the sheet from `first` on."""

    attribute: str
    rung: PartOfCode
    held: list[str]
    kind: Literal["quantiles", "classes", "around", "donors"]
    marks: list[float]
    effect: Estimate | None
    unit: Literal["own", "probability", "named", ""]
    first: int


class Frames(TypedDict):
    """What places look like: the sheet starts with a held-out image and its reconstruction."""

    image: int
    file: str | None
    sheet: ArrayFile
    places: list[PlaceFrames]


class ShownImage(TypedDict):
    """A held-out image by its number in the data, and its file where it has one."""

    image: int
    file: str | None


class CodeControl(TypedDict):
    """A way to change a code: what it reads, how the code moves with it, and the levels it is set to."""

    name: str
    dimensions: list[int]
    kind: Literal["quantiles", "classes", "around"]
    filters: Matrix
    pattern: Matrix
    levels: Matrix
    marks: list[float]


class ReadAttribute(TypedDict):
    """Which columns of the classifier's readings are an attribute's, and how they become its values."""

    attribute: str
    columns: list[int]
    mean: float
    std: float
    period: float


class WeightTensor(TypedDict):
    """A tensor among the packed weights of a decoder: how many weights, and what one of their levels is worth."""

    size: int
    step: float


class Decoder(TypedDict):
    """A decoder that runs in the page: layers, weights in 12 bits, images to start from, and controls."""

    layers: list[dict[str, Any]]
    weights: ArrayFile
    tensors: list[WeightTensor]
    largest_difference: float
    compared: ArrayFile
    starts: list[ShownImage]
    images: ArrayFile
    codes: ArrayFile
    mean: list[float]
    spread: list[float]
    usual: list[float]
    controls: list[CodeControl]
    readings: ArrayFile
    read: list[ReadAttribute]
