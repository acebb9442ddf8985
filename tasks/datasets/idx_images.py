"""Code shared by MNIST and Fashion-MNIST: reads four idx files of one layout, selects images, and
measures and pads them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import CorruptFile
from latent_audit.tasks.datasets.idx import read_idx
from latent_audit.tasks.datasets.images.choosing import OnProgress, choose_rows
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_images
from latent_audit.tasks.datasets.public_data import PublicDataSettings
from latent_audit.tasks.datasets.remote_file import RemoteFile

Measure = Callable[[NDArray[np.uint8]], NDArray[np.float64]]  # images (n, 28, 28) -> values (n, k)
Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images (n, 28, 28) and labels (n,)

FILE_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_SIDE = 28
_IMAGES_A_CHUNK = 2_000


@dataclass(frozen=True)
class IdxPublication:
    """Addresses, digests and attributes of four published idx files.

    bases: addresses that file names are appended to. md5s: in the order of FILE_NAMES. attributes: that of the
    label first, then those that `measure` gives.
    """

    bases: tuple[str, ...]
    md5s: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    measure: Measure
    description: str
    source: str
    licence: str


class IdxSettings(PublicDataSettings):
    """Selection and size of the images of idx files."""

    publication: ClassVar[IdxPublication]

    kind: str
    image_size: Literal[28, 32] = Field(
        32, description="side of an image in pixels; 32 adds a black margin of 2"
    )
    part: Literal["all", "train"] = Field(
        "all", description="all 70,000 images, or the 60,000 published for training"
    )
    images: int | None = Field(None, ge=1, description="images drawn without repetition; null takes all")

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns the idx files that the settings need, each at every base address."""
        published = self.publication
        named = zip(FILE_NAMES, published.md5s, strict=True)
        return tuple(
            RemoteFile(f"{self.kind}/{name}", tuple(base + name for base in published.bases), md5=md5)
            for name, md5 in list(named)[: len(self._names())]
        )

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns images (n, 1, s, s) with their label and measures, read from `source_folder/<kind>`.

        Measures are taken on the published 28 x 28 pixels, before zero padding to 32.
        """
        published, folder, names = self.publication, source_folder / self.kind, self._names()
        pairs = [_read_pair(folder, names[k], names[k + 1]) for k in range(0, len(names), 2)]
        pixels = np.concatenate([images for images, _ in pairs])
        labels = np.concatenate([labels for _, labels in pairs])
        rows = choose_rows(len(pixels), self.images, seed, self.kind)
        images = new_images(workspace, len(rows), 1, self.image_size)
        measured = _pad_and_measure(pixels, rows, images, published.measure, on_progress)
        return ImageSet(
            name=self.kind,
            images=images,
            attributes=published.attributes,
            values=np.column_stack([labels[rows].astype(np.float64), measured]),
            description=published.description,
            source=published.source,
            licence=published.licence,
        )

    def _names(self) -> tuple[str, ...]:
        return FILE_NAMES if self.part == "all" else FILE_NAMES[:2]


def _pad_and_measure(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    images: "np.memmap[tuple[int, ...], np.dtype[np.uint8]]",
    measure: Measure,
    on_progress: OnProgress | None,
) -> NDArray[np.float64]:
    """Fills images (n, 1, s, s) from pixels[rows]; returns the measures (n, k)."""
    margin = (images.shape[2] - _SIDE) // 2
    inner = slice(margin, margin + _SIDE)
    measured = []
    for start in range(0, len(rows), _IMAGES_A_CHUNK):
        chosen = rows[start : start + _IMAGES_A_CHUNK]
        images[start : start + len(chosen), 0, inner, inner] = pixels[chosen]
        measured.append(measure(pixels[chosen]))
        if on_progress is not None:
            on_progress(start + len(chosen), len(rows))
    images.flush()
    return np.concatenate(measured)


def _read_pair(folder: Path, images_name: str, labels_name: str) -> Pair:
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
