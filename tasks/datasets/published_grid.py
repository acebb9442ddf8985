"""Code shared by dSprites and 3D Shapes: one file with a full grid of factors at 64 pixels, read in one pass,
from which images are selected, at full or half size.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from latent_audit.tasks.datasets.images.choosing import OnProgress, halve, take_from_blocks
from latent_audit.tasks.datasets.images.memory_map import new_images
from latent_audit.tasks.datasets.public_data import PublicDataSettings


class PublishedGridSettings(PublicDataSettings):
    """Size of the images of a published grid."""

    kind: str
    image_size: Literal[32, 64] = Field(
        64, description="side of an image in pixels; 32 halves by 2 x 2 means"
    )

    def take_images(
        self,
        blocks: Iterable[NDArray[np.uint8]],
        as_published: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
        rows: NDArray[np.int64],
        workspace: Path,
        channels: int,
        on_progress: OnProgress | None,
    ) -> NDArray[np.uint8]:
        """Returns the images of the rows, (n, c, s, s), as a memory map in `workspace`.

        blocks: the file's own pixels, in order. as_published: such pixels as images (m, c, 64, 64), 0 to 255.
        """
        images = new_images(workspace, len(rows), channels, self.image_size)

        def prepare(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
            whole = as_published(block)
            return whole if self.image_size == 64 else halve(whole)

        take_from_blocks(blocks, rows, images, prepare, on_progress)
        images.flush()
        return images
