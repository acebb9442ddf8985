"""Finds images that are nearly the same: saved twice by another program, or frames of one film."""

import hashlib
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from latent_audit.vocabulary.batches import batches

_SIDE = 8  # of the small picture that candidates share
_STEP = 16  # grey levels that count as one
# Mean difference of a pixel, of 255, below which two images are nearly the same.
NEARLY = 2.0
_ROWS_A_BATCH = 4096
_MOST_COMPARED = 20  # images of one small picture: a set of near copies is found by fewer comparisons


def near_doubles(images: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Returns pairs of rows of images uint8 (n, c, h, w) that are nearly and not wholly the same.

    Candidates share a coarse picture of 8 x 8 pixels under one of two roundings, so that work grows with the number of
    images and not with its square; some pairs that differ little everywhere are missed.
    """
    found: set[tuple[int, int]] = set()
    for offset in (0, _STEP // 2):
        groups: defaultdict[bytes, list[int]] = defaultdict(list)
        for some in batches(len(images), _ROWS_A_BATCH):
            small = _reduced(images[some])
            coarse = ((small + offset) // _STEP).astype(np.uint8)
            for row, picture in enumerate(coarse, start=some.start):
                digest = hashlib.blake2b(picture.tobytes(), digest_size=16).digest()
                groups[digest].append(row)
        for rows in groups.values():
            found |= _pairs(images, rows)
    return sorted(found)


def _pairs(images: NDArray[np.uint8], rows: list[int]) -> set[tuple[int, int]]:
    pairs = set()
    for place, row in enumerate(rows):
        for other in rows[place + 1 : place + 1 + _MOST_COMPARED]:
            difference = np.abs(images[row].astype(np.int16) - images[other]).mean()
            if 0 < difference <= NEARLY:
                pairs.add((row, other))
    return pairs


def _reduced(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns means (n, 8, 8) of grey over blocks; a rest at the lower and right edge is left out."""
    grey = images.mean(axis=1)
    height, width = (max(1, side // _SIDE) for side in grey.shape[1:])
    rows, columns = min(_SIDE, grey.shape[1]), min(_SIDE, grey.shape[2])
    blocks = grey[:, : rows * height, : columns * width].reshape(len(grey), rows, height, columns, width)
    return np.asarray(blocks.mean(axis=(2, 4)))
