"""Where the codes of each dimension lie."""

from typing_extensions import TypedDict


class CodeRange(TypedDict):
    """The 5 % and 95 % quantiles of one dimension of the code."""

    dimension: int
    name: str
    low: float | None
    high: float | None
