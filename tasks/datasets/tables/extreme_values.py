"""Outliers, such as typing errors and codes for missing values."""

import numpy as np
from numpy.typing import NDArray

_FAR_OUT = 3.0  # quartile ranges beyond the quartiles: Tukey's "far out"
_RARE = 0.01  # a larger share is the tail of a skewed distribution


def far_out(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the rows whose value is far outside the quartiles, outermost first; none if such values are common.

    Of normally distributed values about 2 in a million are that far out.
    """
    low, median, high = np.nanquantile(values, [0.25, 0.5, 0.75])
    width = high - low
    if width <= 0:
        return np.empty(0, np.int64)
    rows = np.flatnonzero((values < low - _FAR_OUT * width) | (values > high + _FAR_OUT * width))
    if len(rows) > max(_RARE * len(values), 1):
        return np.empty(0, np.int64)
    return rows[np.argsort(-np.abs(values[rows] - median), kind="stable")].astype(np.int64)
