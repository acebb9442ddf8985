"""Counts of cells over bootstrap resamples of the images, all resamples in one pass over the images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Bins = NDArray[np.int64]
_LARGEST = np.iinfo(np.int16).max


class ResampledCounts:
    """How often each of n images is drawn in each resample; draws name the rows of each."""

    def __init__(self, draws: Sequence[Bins], n: int) -> None:
        self.most_images = max(len(rows) for rows in draws)
        # Of small counts four times as many fit into the cache.
        kind = np.int16 if self.most_images <= _LARGEST else np.int64
        self._weights = np.empty((n, len(draws)), kind)
        for resample, rows in enumerate(draws):
            self._weights[:, resample] = np.bincount(rows, minlength=n)

    def of(self, cells: Bins, size: int) -> Bins:
        """Returns counts (resamples, size) of the images' cells (n,) below `size`; negative ones are left out."""
        return np.asarray(self.by_cell(cells, size).T.astype(np.int64))

    def by_cell(self, cells: Bins, size: int) -> NDArray[np.signedinteger]:
        """Returns counts (size, resamples) in small integers that hold the number of images."""
        rows = np.flatnonzero(cells >= 0).astype(np.int32)
        counted = cells[rows]
        order = rows[np.argsort(counted.astype(np.min_scalar_type(size)), kind="stable")]
        ends = np.zeros(size + 1, np.int32)
        np.cumsum(np.bincount(counted, minlength=size), out=ends[1:])
        ones = np.ones(len(rows), self._weights.dtype)
        return np.asarray(csr_array((ones, order, ends), shape=(size, len(cells))) @ self._weights)
