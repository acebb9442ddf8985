"""Folders deeper than paths and Python's stack go."""

import os
from pathlib import Path


def nest(path: Path, levels: int) -> None:
    """Makes a folder, one in it, and so on."""
    path.mkdir()
    descriptor = os.open(path, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
