"""Images in memory, in the forms that programs hold them, as uint8 (n, c, h, w)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import DataError
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import Reason, reason

_CHANNELS = (1, 3)
_ROWS_A_BATCH = 4096


def as_images(given: Any) -> tuple[NDArray[np.uint8], tuple[Reason, ...]]:
    """Returns images uint8 (n, c, h, w), and a note on each conversion that loses something.

    given: an array, a tensor or a list of images: (n, h, w), (n, h, w, c) or (n, c, h, w) with one or three channels;
    of uint8, bool, uint16, or floating-point numbers in 0 to 1 or 0 to 255. Raises DataError for anything else.
    """
    array = _array(given)
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and _has_channels_last(array.shape):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in _CHANNELS:
        raise DataError(
            f"images must be an array (n, h, w), (n, h, w, c) or (n, c, h, w) with 1 or 3 channels, got {array.shape}"
        )
    if not len(array):
        raise DataError("there are no images: the array is empty")
    scale, notes = _scale(array)
    pixels = np.empty(array.shape, np.uint8)
    for some in batches(len(array), _ROWS_A_BATCH):
        pixels[some] = array[some] if scale is None else np.rint(array[some] * scale)
    return pixels, notes


def _array(given: Any) -> NDArray[Any]:
    if hasattr(given, "detach"):  # a tensor, wherever it is
        given = given.detach().cpu().numpy()
    if isinstance(given, list | tuple):
        try:
            given = np.stack([np.asarray(image) for image in given])
        except ValueError as error:
            raise DataError(
                f"all images must have one shape ({error}): resize them, or give a folder to the command"
            ) from error
    array = np.asarray(given)
    if array.dtype.kind not in "buif":
        raise DataError(f"images must be numbers, got an array of {array.dtype}")
    return array


def _has_channels_last(shape: tuple[int, ...]) -> bool:
    first, last = shape[1] in _CHANNELS, shape[3] in _CHANNELS
    if first and last:
        raise DataError(
            f"images of shape {shape} can be read with channels first or last: give them as (n, c, h, w) of at least "
            "4 pixels a side"
        )
    return last


def _scale(array: NDArray[Any]) -> tuple[float | None, tuple[Reason, ...]]:
    """Returns what pixels are multiplied with to lie in 0 to 255, None for nothing."""
    if array.dtype == np.uint8:
        return None, ()
    if array.dtype == np.bool_:
        return 255.0, ()
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("images hold NaN or infinite pixels: fill or drop them")
    if low < 0:
        raise DataError(
            f"pixels must lie in 0 to 1 or in 0 to 255, got {low:g} to {high:g}: scale them, and say with pixel_range "
            "what black and white are to the model"
        )
    if array.dtype == np.uint16 and high > 255:
        return 1 / 257, (reason("note.sixteen_bit_pixels"),)
    if high > 255:
        raise DataError(f"pixels must lie in 0 to 1 or in 0 to 255, got {low:g} to {high:g}: scale them")
    if array.dtype.kind == "f":
        scale = 255.0 if high <= 1 else 1.0
        exact = all(
            bool(np.array_equal(rows := array[some] * scale, np.rint(rows)))
            for some in batches(len(array), _ROWS_A_BATCH)
        )
        return scale, () if exact else (reason("note.rounded"),)
    return (255.0 if high <= 1 else 1.0), ()
