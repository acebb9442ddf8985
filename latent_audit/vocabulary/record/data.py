"""The data set: where it is from, its parts, and what its attributes look like."""

from typing import Annotated, NotRequired, final

from pydantic import Field
from typing_extensions import TypedDict

from latent_audit.vocabulary.attribute_kinds import AttributeKind
from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import ArrayFile, Matrix, Part


class DataPart(TypedDict):
    """One of the disjoint parts that the images are split into."""

    name: str
    images: int
    purpose: str
    groups: NotRequired[int | None]


@final
class Counts(TypedDict):
    """Summary of an attribute with classes: how many images of each."""

    counts: list[int]


@final
class Moments(TypedDict):
    """Summary of an attribute without classes; quantiles at 5, 25, 50, 75 and 95 %, in its unit."""

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    quantiles: Annotated[list[float | None], Field(min_length=5, max_length=5)]


class Attribute(TypedDict):
    """A semantic attribute of the images."""

    name: str
    kind: AttributeKind
    classes: list[str]
    unit: str | None
    description: str | None
    summary: Counts | Moments
    missing: NotRequired[int]


class EntangledPair(TypedDict):
    """Two attributes that go together in the data."""

    first: str
    second: str
    value: float | None


class Correlation(TypedDict):
    """How strongly the attributes go together in the data, 0 to 1."""

    names: list[str]
    matrix: Matrix
    statistic: str
    entangled: list[EntangledPair]


class SetAside(TypedDict):
    """An attribute that too few images show for a test."""

    attribute: str
    kind: str
    rarest_class: str
    images: dict[str, int]
    reason: str
    reason_message: NotRequired[Reason]


class Data(TypedDict):
    """The data set, as it states itself and as it was prepared."""

    name: str
    description: str
    source: str
    licence: str
    digest: str | None
    images: int
    image_shape: Annotated[list[int], Field(min_length=3, max_length=3)]
    parts: list[DataPart]
    attributes: list[Attribute]
    correlation: Part[Correlation]
    samples: Part[ArrayFile]
    not_tested: NotRequired[list[SetAside]]
    notes: NotRequired[list[str]]
    notes_message: NotRequired[list[Reason]]
