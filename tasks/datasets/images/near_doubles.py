"""Finds images that are nearly the same: saved twice by another program, or frames of one film."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from latent_audit.vocabulary.batches import batches

_SIDE = 8  # of the small picture that images are compared by first
_DIRECTIONS = 8  # in which small pictures differ most
_NEIGHBOURS = 4  # that each image is compared with
# Mean difference of a pixel, of 255, up to which two images are nearly the same.
NEARLY = 2.0
_ROWS_A_BATCH = 4096


def near_doubles(images: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Returns pairs of rows of images uint8 (n, c, h, w) that are nearly and not wholly the same.

    Each image is compared with those whose small pictures are nearest, so that work grows little faster than the number
    of images; of a set of many near copies some pairs are missed.
    """
    if len(images) < 2:
        return []
    small = np.concatenate([_reduced(images[some]) for some in batches(len(images), _ROWS_A_BATCH)])
    centred = small - small.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    points = centred @ directions[:, -_DIRECTIONS:]
    _, nearest = cKDTree(points).query(points, k=min(_NEIGHBOURS + 1, len(points)))
    pairs = {
        (min(row, other), max(row, other)) for row, others in enumerate(nearest) for other in others.tolist()
    }
    return sorted(pair for pair in pairs if pair[0] != pair[1] and _is_near(images, *pair))


def _is_near(images: NDArray[np.uint8], row: int, other: int) -> bool:
    difference = np.abs(images[row].astype(np.int16) - images[other]).mean()
    return bool(0 < difference <= NEARLY)


def _reduced(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns means of grey over blocks, at most (n, 64); a rest at the lower and right edge is left out."""
    grey = images.mean(axis=1)
    rows, columns = (min(_SIDE, side) for side in grey.shape[1:])
    height, width = grey.shape[1] // rows, grey.shape[2] // columns
    blocks = grey[:, : rows * height, : columns * width].reshape(len(grey), rows, height, columns, width)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(len(grey), -1))
