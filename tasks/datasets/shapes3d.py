"""3D Shapes as published (Burgess and Kim 2018): one HDF5 file, read in blocks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import CorruptFile
from latent_audit.tasks.datasets.images.choosing import OnProgress, choose_rows
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.public_data import downloaded
from latent_audit.tasks.datasets.published_grid import PublishedGridSettings
from latent_audit.tasks.datasets.remote_file import RemoteFile

FILE_NAME = "shapes3d/3dshapes.h5"
FACTOR_SIZES = (10, 10, 10, 8, 4, 15)
GRID_CELLS = 480_000
ATTRIBUTES = (
    Attribute("floor_hue", "cyclic", period=1.0, unit="turn", description="hue of the floor"),
    Attribute("wall_hue", "cyclic", period=1.0, unit="turn", description="hue of the wall"),
    Attribute("object_hue", "cyclic", period=1.0, unit="turn", description="hue of the object"),
    Attribute("scale", "continuous", description="size of the object, 0.75 to 1.25"),
    Attribute(
        "shape",
        "categorical",
        classes=("cube", "cylinder", "sphere", "capsule"),
        description="kind of object",
    ),
    Attribute("orientation", "continuous", unit="degree", description="turn of the room, -30 to 30"),
)

_ROWS_A_BLOCK = 2_048  # 24 MiB of pixels


class Shapes3dSettings(PublishedGridSettings):
    """Selection and size of the images of 3D Shapes."""

    kind: Literal["shapes3d"] = Field("shapes3d", description="coloured objects in a room")
    images: int | None = Field(
        None, ge=1, le=GRID_CELLS, description="images drawn without repetition; null takes all 480,000"
    )

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns the published HDF5 file."""
        return (
            RemoteFile(
                FILE_NAME,
                ("https://storage.googleapis.com/3d-shapes/3dshapes.h5",),
                md5="099a2078d58cec4daad0702c55d06868",
                bytes=267_573_662,
            ),
        )

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the rendered rooms with their six factors; the file is read once from front to back.

        Raises MissingFile or CorruptFile.
        """
        path = downloaded(source_folder / FILE_NAME)
        try:
            with h5py.File(path, "r") as file:
                labels = _read_labels(file, path)
                rows = choose_rows(len(labels), self.images, seed, "shapes3d")
                blocks = _image_blocks(file)
                images = self.take_images(blocks, _channels_first, rows, workspace, 3, on_progress)
        except (OSError, KeyError) as error:
            raise CorruptFile(
                f"{path} is not the published HDF5 file, or ends too early ({error})"
            ) from error
        return ImageSet(
            name="shapes3d",
            images=images,
            attributes=ATTRIBUTES,
            values=labels[rows],
            description="A coloured object in a coloured room, with six known factors.",
            source="Burgess and Kim: github.com/google-deepmind/3d-shapes",
            licence="Apache-2.0",
            factor_sizes=FACTOR_SIZES,
        )


def _read_labels(file: Any, path: Path) -> NDArray[np.float64]:
    """Returns the six factors (n, 6), after checking that images and labels belong together."""
    images, labels = file["images"], file["labels"]
    rows = images.shape[0] if images.ndim == 4 else 0
    fits = images.shape == (rows, 64, 64, 3) and images.dtype == np.uint8 and labels.shape == (rows, 6)
    if not fits or not 0 < rows <= GRID_CELLS:
        raise CorruptFile(
            f"{path}: images uint8 (n, 64, 64, 3) and labels (n, 6) were expected, got {images.dtype} "
            f"{images.shape} and {labels.shape}"
        )
    values = np.asarray(labels[:], dtype=np.float64)
    if not np.isfinite(values).all() or not np.isin(values[:, 4], (0, 1, 2, 3)).all():
        raise CorruptFile(f"{path}: labels hold values outside the published grid")
    return values


def _image_blocks(file: Any) -> Iterator[NDArray[np.uint8]]:
    images = file["images"]
    for start in range(0, images.shape[0], _ROWS_A_BLOCK):
        yield images[start : start + _ROWS_A_BLOCK]


def _channels_first(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(block.transpose(0, 3, 1, 2))
