"""How far the codes of each dimension reach: a dimension that hardly moves can carry little."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.05, 0.95)


@dataclass(frozen=True)
class CodeRange:
    """Where the middle 90 % of one dimension's codes lie."""

    dimension: int
    name: str
    low: float
    high: float


def compute(codes: NDArray[np.floating], names: Sequence[str]) -> tuple[CodeRange, ...]:
    """Returns one range for each dimension of codes (n, d)."""
    low, high = np.quantile(codes, LEVELS, axis=0)
    return tuple(CodeRange(j, name, float(low[j]), float(high[j])) for j, name in enumerate(names))
