"""Pictures of the latent space: traversals of single dimensions, and projections of all codes."""

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import ArrayFile, Matrix, Part


class TraversalRow(TypedDict):
    """One dimension of the traversal sheet."""

    dimension: int
    name: str
    kl_nats: float | None


class Traversal(TypedDict):
    """Decoded images along each dimension, a row a dimension and a column a quantile."""

    sheet: ArrayFile
    rows: list[TraversalRow]
    quantiles: list[float]
    values: Matrix


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
