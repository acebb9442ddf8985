"""IRS, the interventional robustness score (Suter et al. 2019), as in disentanglement_lib."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Irs:
    """Mean score over dimensions weighted by their largest deviation, 0 to 1; matrix (active d, k); parents."""

    score: float
    matrix: Floats
    parents: NDArray[np.int64]
    active_dimensions: int


def irs(codes: NDArray[np.floating], factors: NDArray[np.integer], difference_quantile: float = 0.99) -> Irs:
    """Returns how little each dimension changes while one factor is fixed (Suter et al. 2019, section 4).

    The 99 % quantile stands for the maximum of the paper. Constant dimensions are left out; 0 without others.

    Args:
        codes: array (n, d), one code a row.
        factors: whole numbers (n, k), the level of each factor.
        difference_quantile: quantile of the changes, 0 to 1.

    Returns:
        The score, 0 to 1, and the score of each active dimension for each factor.

    Raises:
        IndexError: codes or factors are not two-dimensional.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> irs(codes, factors).score > 0.85
        True
    """
    codes = np.asarray(codes, dtype=np.float64)
    codes = codes[:, codes.var(axis=0) > 0.0]
    if codes.shape[1] == 0:
        return Irs(0.0, np.zeros((0, factors.shape[1])), np.zeros(0, dtype=np.int64), 0)
    largest = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    deviations = np.zeros((codes.shape[1], factors.shape[1]))
    for k in range(factors.shape[1]):
        levels = np.unique(factors[:, k])
        for level in levels:
            group = codes[factors[:, k] == level]
            moved = np.abs(group - group.mean(axis=0))
            deviations[:, k] += np.quantile(moved, difference_quantile, axis=0) / len(levels)
    matrix = 1.0 - deviations / largest[:, None]
    score = float(np.average(matrix.max(axis=1), weights=largest))
    return Irs(score, matrix, matrix.argmax(axis=1), codes.shape[1])
