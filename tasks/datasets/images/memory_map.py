"""Arrays on disk with reserved space, filled image by image."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.tasks.datasets.errors import DiskFull


def new_images(
    workspace: Path, images: int, channels: int, side: int
) -> "np.memmap[Any, np.dtype[np.uint8]]":
    """Returns a memory map uint8 (n, c, s, s) of zeros at `workspace/images.npy`; raises DiskFull."""
    path = workspace / "images.npy"
    shape = (images, channels, side, side)
    _refuse_full_disk(path, images * channels * side * side)
    mapped = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    _reserve(path)
    return mapped


def new_masks(workspace: Path, images: int, side: int) -> "np.memmap[Any, np.dtype[np.bool_]]":
    """Returns a memory map bool (n, s, s), all false, at `workspace/masks.npy`; raises DiskFull."""
    path = workspace / "masks.npy"
    _refuse_full_disk(path, images * side * side)
    mapped = np.lib.format.open_memmap(path, mode="w+", dtype=np.bool_, shape=(images, side, side))
    _reserve(path)
    return mapped


def _refuse_full_disk(path: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(path.parent).free
    if needed_bytes > free_bytes:
        raise DiskFull(
            f"{path} needs {needed_bytes / 1e9:.1f} GB and its disk has {free_bytes / 1e9:.1f} GB left; free some "
            "space, take fewer images with data.images, or keep the store on another disk"
        )


def _reserve(path: Path) -> None:
    """Reserves the blocks of a file: a disk that becomes full under a memory map would kill the process."""
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull(f"the disk filled up while {path} was laid out; free some space") from error
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
