"""Selects images of a data set, and reads a long file in one pass."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import NotEnoughImages

OnProgress = Callable[[int, int], None]  # images done, images in all


def choose_rows(available: int, images: int | None, seed: int, name: str) -> NDArray[np.int64]:
    """Returns the selected rows: all in order, or `images` distinct ones in random order.

    Raises NotEnoughImages if there are fewer.
    """
    if images is None:
        return np.arange(available, dtype=np.int64)
    if images > available:
        raise NotEnoughImages(
            f"{name}: {images:,} images were asked for and {available:,} are there; lower data.images to "
            f"{available} or leave it out"
        )
    return np.random.default_rng(seed).choice(available, size=images, replace=False).astype(np.int64)


def take_from_blocks(
    blocks: Iterable[NDArray[np.uint8]],
    rows: NDArray[np.int64],
    images: NDArray[np.uint8],
    prepare: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    on_progress: OnProgress | None,
) -> None:
    """Writes images[i] = prepare(source row rows[i]) in one pass over the blocks of the source.

    A file that must be read from front to back is thus read once, and never held in memory as a whole.
    """
    order = np.argsort(rows, kind="stable")
    ascending = rows[order]
    begin = 0
    for block in blocks:
        first, last = np.searchsorted(ascending, [begin, begin + len(block)])
        if last > first:
            images[order[first:last]] = prepare(block[ascending[first:last] - begin])
        begin += len(block)
        if on_progress is not None:
            on_progress(int(last), len(rows))
        if last == len(rows):
            return


def halve(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns images (..., h/2, w/2): means over squares of 2 x 2 pixels, halves rounded up."""
    wide = images.astype(np.uint16)
    total = wide[..., ::2, ::2] + wide[..., 1::2, ::2] + wide[..., ::2, 1::2] + wide[..., 1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)
