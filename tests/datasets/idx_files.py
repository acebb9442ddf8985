"""The four files in which MNIST and its like are published, of a test's own images."""

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.idx_images import FILE_NAMES


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Returns an array as an idx file holds it."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_set(folder: Path, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], train: int) -> None:
    """Writes images (n, 28, 28) and labels (n,), the first `train` of them as the training part."""
    folder.mkdir(parents=True)
    arrays = (pixels[:train], labels[:train], pixels[train:], labels[train:])
    for name, array in zip(FILE_NAMES, arrays, strict=True):
        (folder / name).write_bytes(gzip.compress(idx_bytes(array)))
