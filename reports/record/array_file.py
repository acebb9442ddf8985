"""Reads a .npy file from a stranger: numbers alone, exactly as many as it has bytes for."""

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_LONGEST_SIDE = 1 << 40
_KINDS = "biuf"  # true or false, whole numbers, fractions


def parse_array(data: bytes) -> NDArray[Any]:
    """Returns the array that a .npy file holds.

    Raises ValueError for all else, before memory is asked for: a header of a hundred bytes can state a petabyte.
    """
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"it is in version {version} of the format, and 1.0 or 2.0 is written")
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.kind not in _KINDS:
        raise ValueError(f"it holds {dtype}, which are no numbers")
    stated, there = math.prod(shape) * dtype.itemsize, len(data) - stream.tell()
    if stated != there or not all(type(side) is int and 0 <= side <= _LONGEST_SIDE for side in shape):
        raise ValueError(
            f"it states {shape} numbers of {dtype.itemsize} bytes, and has {there:,} bytes of them"
        )
    return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
