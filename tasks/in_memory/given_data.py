"""A data set that a program holds, in the place of the settings of one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.choosing import OnProgress
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.vocabulary.reasons import Reason

SOURCE = "arrays of a Python program"


@dataclass(frozen=True)
class GivenData:
    """Images uint8 (n, c, h, w), typed attributes and their values (n, k)."""

    name: str
    description: str
    licence: str
    images: NDArray[np.uint8]
    attributes: tuple[Attribute, ...]
    values: NDArray[np.float64]
    notes: tuple[Reason, ...]

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the data set; nothing is read or drawn."""
        return ImageSet(
            name=self.name,
            images=self.images,
            attributes=self.attributes,
            values=self.values,
            description=self.description,
            source=SOURCE,
            licence=self.licence,
            notes=self.notes,
        )
