"""Stripes: a bright bar on black, upright or lying, at a known place."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.choosing import OnProgress
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_images
from latent_audit.tasks.datasets.remote_file import RemoteFile

ATTRIBUTES = (
    Attribute("lying", "binary", classes=("no", "yes"), description="the bar lies instead of standing"),
    Attribute("place", "continuous", unit="pixel", description="distance from the left or upper edge"),
)


class StripesSettings(BaseModel):
    """How many bars to draw, and at what size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["stripes"] = Field("stripes", description="bars on black, drawn here")
    image_size: Literal[32, 64] = Field(32, description="side of an image in pixels")
    images: int = Field(1000, ge=1, description="bars drawn")

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns nothing: stripes are drawn."""
        return ()

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the bars, uint8 (n, 1, s, s), and where each stands or lies."""
        rng = np.random.default_rng(seed)
        lying = rng.integers(2, size=self.images)
        place = rng.integers(self.image_size, size=self.images)
        images = new_images(workspace, self.images, 1, self.image_size)
        for row in range(self.images):
            bar = (place[row], slice(None)) if lying[row] else (slice(None), place[row])
            images[(row, 0, *bar)] = 255
        return ImageSet(
            name="stripes",
            images=images,
            attributes=ATTRIBUTES,
            values=np.stack([lying, place], axis=1).astype(np.float64),
            description="A bright bar on black.",
            source="drawn here",
            licence="public domain",
        )
