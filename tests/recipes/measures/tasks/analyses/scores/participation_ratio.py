"""Participation ratio: how many dimensions share the variance of a code."""

import numpy as np
from numpy.typing import NDArray


def participation_ratio(codes: NDArray[np.floating]) -> float:
    """Returns the squared sum of a covariance's eigenvalues over the sum of squares, 1 to d, for codes (n, d)."""
    values = np.linalg.eigvalsh(np.cov(codes, rowvar=False))
    return float(values.sum() ** 2 / np.square(values).sum())
