"""Writes samples as they are drawn: images as PNG files or into one npz, and codes.csv beside them."""

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from PIL import Image

CODES = "codes.csv"
IMAGES = "images.npz"
PNG, NPZ = "png", "npz"


@dataclass(frozen=True)
class Drawn:
    """A block of samples: images uint8 (n, c, h, w), codes (n, d), and columns of n words each."""

    images: NDArray[np.uint8]
    codes: NDArray[np.float32]
    words: Sequence[Sequence[str]]

    def cut(self, number: int) -> "Drawn":
        """Returns the first `number` samples of a block."""
        return Drawn(self.images[:number], self.codes[:number], [column[:number] for column in self.words])


class SampleFiles:
    """The files of a folder of samples; memory does not grow with their number.

    An npz holds `images`, uint8 (n, c, h, w).
    """

    def __init__(
        self, folder: Path, form: str, number: int, columns: Sequence[str], shape: tuple[int, int, int]
    ) -> None:
        self.count = 0
        self._folder, self._form = folder, form
        self._file = (folder / CODES).open("w", encoding="utf-8", newline="")
        self._table = csv.writer(self._file)
        self._table.writerow(["image", *columns])
        self._archive: zipfile.ZipFile | None = None
        self._array: IO[bytes] | None = None
        if form == NPZ:
            archive = zipfile.ZipFile(folder / IMAGES, "w", zipfile.ZIP_DEFLATED)
            self._archive = archive
            self._array = archive.open("images.npy", "w", force_zip64=True)
            header = {"descr": "|u1", "fortran_order": False, "shape": (number, *shape)}
            npy.write_array_header_1_0(self._array, header)

    def __enter__(self) -> "SampleFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._archive is not None and self._array is not None:
            self._array.close()
            self._archive.close()

    def add(self, drawn: Drawn) -> None:
        """Writes the next samples."""
        for image, code, words in zip(drawn.images, drawn.codes, zip(*drawn.words, strict=True), strict=True):
            name = f"{self.count:06d}.png"
            if self._form == PNG:
                Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).save(
                    self._folder / name
                )
            self._table.writerow(
                [name if self._form == PNG else self.count, *words, *(f"{value:.7g}" for value in code)]
            )
            self.count += 1
        if self._array is not None:
            self._array.write(np.ascontiguousarray(drawn.images).tobytes())
