"""Training images that stay in a file: read as batches ask for them, for data larger than memory."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray


class ImagesOnDisk:
    """Rows of a memory map of images uint8 (n, c, h, w); indexed like the array of these rows, each time read anew."""

    def __init__(self, mapped: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        """mapped: all images of the file. rows: the numbers of those that are meant, in their order."""
        self._mapped, self._rows = mapped, rows
        self.dtype = mapped.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Returns (rows, c, h, w)."""
        return (len(self._rows), *self._mapped.shape[1:])

    @property
    def nbytes(self) -> int:
        """Returns the bytes that the rows would take in memory."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, places: Any) -> NDArray[np.uint8]:
        """Returns the images at `places` (m,), read in the order of the file."""
        rows = self._rows[places]
        found = np.empty((len(rows), *self._mapped.shape[1:]), np.uint8)
        as_stored = np.argsort(rows)
        found[as_stored] = self._mapped[rows[as_stored]]
        return found


TrainingImages: TypeAlias = NDArray[np.uint8] | ImagesOnDisk
