"""A loaded data set: images, typed attributes, and their source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import Reason


@dataclass(frozen=True)
class ImageSet:
    """Images with their attributes, row by row.

    images: uint8 (n, c, h, w), usually a memory map. values: float64 (n, k), one column an attribute, NaN where an
    image has no value of it. masks: bool (n, h, w), true on the object or the face, where the data know it.
    factor_sizes: sizes of the full grid of factors where the data set is such a grid (some disentanglement scores need
    one). file_names: of each image, where images are files. groups: int64 (n,), equal for images of one person, slide,
    video; None where each image stands by itself. notes: what was resolved while reading, and what is odd.
    """

    name: str
    images: NDArray[np.uint8]
    attributes: tuple[Attribute, ...]
    values: NDArray[np.float64]
    description: str
    source: str
    licence: str
    masks: NDArray[np.bool_] | None = None
    factor_sizes: tuple[int, ...] | None = None
    file_names: tuple[str, ...] | None = None
    notes: tuple[Reason, ...] = ()
    groups: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4:
            raise ValueError(
                f"{self.name}: images must be uint8 (n, c, h, w), got {self.images.dtype} {self.images.shape}"
            )
        if self.values.shape != (len(self.images), len(self.attributes)):
            raise ValueError(
                f"{self.name}: {len(self.images)} images and {len(self.attributes)} attributes need values "
                f"of shape {(len(self.images), len(self.attributes))}, got {self.values.shape}"
            )
        if self.groups is not None and self.groups.shape != (len(self.images),):
            raise ValueError(
                f"{self.name}: {len(self.images)} images need as many groups, got {self.groups.shape}"
            )
        if self.file_names is not None and len(self.file_names) != len(self.images):
            raise ValueError(
                f"{self.name}: {len(self.images)} images need as many file names, got {len(self.file_names)}"
            )
