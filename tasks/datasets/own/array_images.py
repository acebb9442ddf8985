"""Images in memory, in the forms that programs hold them, as uint8 (n, c, h, w)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import DataError
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import Reason, reason

_CHANNELS = (1, 3)
_ROWS_A_BATCH = 4096
_ROUNDING = 1 / 512  # of pixels in 0 to 1: less than half of one of 255 steps
_NEAR_ONE = (
    2.0  # floating-point pixels no larger than this, and no whole numbers, were meant to lie in 0 to 1
)


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
    if low < (-_ROUNDING if array.dtype.kind == "f" else 0):
        raise DataError(
            f"pixels must lie in 0 to 1 or in 0 to 255, got {low:g} to {high:g}: scale them, and say with pixel_range "
            "what black and white are to the model"
        )
    if array.dtype == np.uint16 and high > 255:
        return 1 / 257, (reason("note.sixteen_bit_pixels"),)
    if high > 255 + _ROUNDING:
        raise DataError(f"pixels must lie in 0 to 1 or in 0 to 255, got {low:g} to {high:g}: scale them")
    if array.dtype.kind == "f":
        scale = 255.0 if high <= 1 + _ROUNDING else 1.0
        _refuse_two_ranges(array, high)
        exact = all(
            bool(np.array_equal(rows := array[some] * scale, np.rint(rows)))
            for some in batches(len(array), _ROWS_A_BATCH)
        )
        return scale, () if exact else (reason("note.rounded"),)
    return (255.0 if high <= 1 else 1.0), ()


def _refuse_two_ranges(array: NDArray[Any], high: float) -> None:
    """Raises for fractions of which some or all were meant to lie in 0 to 1, and would be read in 0 to 255 as black."""
    if high <= 1 + _ROUNDING:
        return
    meant = 0
    for some in batches(len(array), _ROWS_A_BATCH):
        rows = array[some].reshape(len(array[some]), -1)
        small = rows.max(axis=1) <= (_NEAR_ONE if high <= _NEAR_ONE else 1 + _ROUNDING)
        meant += int((small & (rows != np.rint(rows)).any(axis=1)).sum())
    if not meant:
        return
    if high <= _NEAR_ONE:
        raise DataError(
            f"pixels must lie in 0 to 1 or in 0 to 255, got fractions up to {high:g}: cut them at 1 (numpy.clip), or "
            "scale them"
        )
    raise DataError(
        f"{meant:,} of {len(array):,} images have pixels in 0 to 1 and others up to {high:g}: scale all of them alike"
    )
