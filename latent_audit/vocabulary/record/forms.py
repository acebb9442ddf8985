"""Forms that recur in the record: an estimate, a reason for its absence, a stored array, the outcome of a check."""

from typing import Annotated, Final, NotRequired, TypeAlias, TypeVar, final

from pydantic import ConfigDict, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.verdicts import VerdictWord

T = TypeVar("T")
CLOSED: Final = ConfigDict(extra="forbid")
ARRAY_PATH = r"^arrays/(?!.*\.\.)[^\\]+\.npy$"
TABLE_PATH = r"^arrays/(?!.*\.\.)[^\\]+\.parquet$"
SHA256 = "^[0-9a-f]{64}$"


@final
@with_config(CLOSED)
class NotApplicable(TypedDict):
    """Stands in the place of what cannot be computed, with one sentence that says why."""

    not_applicable: str
    not_applicable_message: NotRequired[Reason]


# A part of the record, the reason for its absence, or null where nothing is recorded.
Part: TypeAlias = T | NotApplicable | None
# What is written and read, and what the published schema says nothing of.
Undescribed: TypeAlias = Annotated[
    T, WithJsonSchema({"description": "Not described by this version of the schema."})
]
Numbers: TypeAlias = list[float | None]
# [k][d]: a row for each attribute, a column for each dimension.
Matrix: TypeAlias = list[list[float | None]]


@final
@with_config(CLOSED)
class Estimate(TypedDict):
    """A number with its 95 % interval, null where there is none, from `n` observations."""

    value: float | None
    low: float | None
    high: float | None
    n: int | None
    source: str


@final
@with_config(CLOSED)
class ArrayFile(TypedDict):
    """A .npy file below the run's folder, and the SHA-256 of its bytes."""

    path: Annotated[str, Field(json_schema_extra={"pattern": ARRAY_PATH})]
    sha256: Annotated[str, Field(json_schema_extra={"pattern": SHA256})]


@final
@with_config(CLOSED)
class ShownImages(TypedDict):
    """A .npy file of images of the data, and the names of their files, null where images are no files."""

    path: Annotated[str, Field(json_schema_extra={"pattern": ARRAY_PATH})]
    sha256: Annotated[str, Field(json_schema_extra={"pattern": SHA256})]
    files: NotRequired[list[str] | None]


@final
@with_config(CLOSED)
class TableFile(TypedDict):
    """A parquet file below the run's folder, and the SHA-256 of its bytes."""

    path: Annotated[str, Field(json_schema_extra={"pattern": TABLE_PATH})]
    sha256: Annotated[str, Field(json_schema_extra={"pattern": SHA256})]


class Check(TypedDict):
    """The outcome of one of the four checks on one claim."""

    verdict: VerdictWord
    reason: str
    reason_message: NotRequired[Reason]
    statistic: str | None
    statistic_message: NotRequired[Reason]
    value: Part[Estimate]
    threshold: float | None


def recorded(part: T | NotApplicable | None) -> T | None:
    """Returns a part of the record; None where a reason or nothing stands in its place."""
    if part is None or (isinstance(part, dict) and "not_applicable" in part):
        return None
    return part
