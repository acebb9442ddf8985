"""The four idx files that MNIST and Fashion-MNIST share in layout: joined, checked, limited and padded."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tasks.datasets.choosing import OnProgress, choose_rows
from tasks.datasets.errors import CorruptFile
from tasks.datasets.idx import read_idx
from tasks.datasets.memory_map import new_images
from tasks.datasets.remote_file import RemoteFile

Measure = Callable[[NDArray[np.uint8]], NDArray[np.float64]]  # images (n, 28, 28) -> values (n, k)

FILE_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_SIDE = 28
_IMAGES_A_CHUNK = 2_000


def remote_files(
    folder: str, part: Literal["all", "train"], bases: tuple[str, ...], md5s: tuple[str, ...], note: str
) -> tuple[RemoteFile, ...]:
    """Returns the idx files of that part, each at every base address."""
    wanted = 4 if part == "all" else 2
    return tuple(
        RemoteFile(f"{folder}/{name}", tuple(base + name for base in bases), md5=md5, note=note)
        for name, md5 in list(zip(FILE_NAMES, md5s, strict=True))[:wanted]
    )


def load_idx(
    folder: Path,
    part: Literal["all", "train"],
    limit: int | None,
    image_size: int,
    workspace: Path,
    seed: int,
    measure: Measure,
    on_progress: OnProgress | None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Returns images (n, 1, s, s) in `workspace/images.npy`, and values (n, 1 + k): label, then measures.

    Measures are taken on the published 28 x 28 pixels, before zero padding to 32.
    """
    names = FILE_NAMES if part == "all" else FILE_NAMES[:2]
    pairs = [_read_pair(folder, names[k], names[k + 1]) for k in range(0, len(names), 2)]
    pixels = np.concatenate([images for images, _ in pairs])
    labels = np.concatenate([labels for _, labels in pairs])
    rows = choose_rows(len(pixels), limit, seed, folder.name)
    margin = (image_size - _SIDE) // 2
    inner = slice(margin, margin + _SIDE)
    images = new_images(workspace, len(rows), 1, image_size)
    measured = []
    for start in range(0, len(rows), _IMAGES_A_CHUNK):
        chosen = rows[start : start + _IMAGES_A_CHUNK]
        images[start : start + len(chosen), 0, inner, inner] = pixels[chosen]
        measured.append(measure(pixels[chosen]))
        if on_progress is not None:
            on_progress(start + len(chosen), len(rows))
    images.flush()
    return images, np.column_stack([labels[rows].astype(np.float64), np.concatenate(measured)])


def _read_pair(
    folder: Path, images_name: str, labels_name: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = read_idx(folder / images_name, dimensions=3)
    labels = read_idx(folder / labels_name, dimensions=1)
    if images.shape[1:] != (_SIDE, _SIDE):
        raise CorruptFile(f"{folder / images_name}: images are 28 x 28 pixels, these are {images.shape[1:]}")
    if len(images) != len(labels) or len(images) == 0:
        raise CorruptFile(
            f"{folder}: {images_name} holds {len(images):,} images and {labels_name} {len(labels):,} labels; "
            "both must be the same number, above zero"
        )
    if labels.max() > 9:
        raise CorruptFile(f"{folder / labels_name}: labels are 0 to 9, this file has {labels.max()}")
    return images, labels
