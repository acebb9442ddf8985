"""Painted sprites: sprites in four colours and three textures, so that colour and texture can be attributes."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from latent_audit.tasks.datasets import sprites
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.choosing import OnProgress
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_images, new_masks
from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.vocabulary.batches import batches

COLOURS = {"red": (230, 60, 50), "green": (60, 190, 80), "blue": (70, 110, 240), "yellow": (240, 210, 60)}
TEXTURES = ("plain", "striped", "chequered")
ATTRIBUTES = (
    *sprites.ATTRIBUTES,
    Attribute("colour", "categorical", classes=tuple(COLOURS), description="colour of the sprite"),
    Attribute("texture", "categorical", classes=TEXTURES, description="brightness pattern inside the sprite"),
)
# Brightness of the dark parts of a texture, as a share of the bright ones.
DARK = 0.35
_ROWS = 8192


class PaintedSpritesSettings(BaseModel):
    """Selection and size of the painted sprites to render."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["painted_sprites"] = Field(
        "painted_sprites", description="sprites in four colours and three textures, drawn here"
    )
    image_size: Literal[32, 64] = Field(32, description="side of an image in pixels")
    images: int = Field(
        40_000,
        ge=1,
        le=sprites.GRID_CELLS,
        description="sprites of the grid drawn without repetition, each in a colour and a texture drawn at random",
    )
    seed: int | None = Field(None, ge=0, description="seed of that draw; null takes the run's seed")

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns no files: sprites are rendered, not downloaded."""
        return ()

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the painted sprites, stored in `workspace/images.npy` and `workspace/masks.npy`."""
        drawn = seed if self.seed is None else self.seed
        classes = sprites.choose_classes(self.images, drawn)
        rng = np.random.default_rng((drawn, 1))
        paint = np.stack([rng.integers(0, size, self.images) for size in (len(COLOURS), len(TEXTURES))], 1)
        images = new_images(workspace, self.images, 3, self.image_size)
        masks = new_masks(workspace, self.images, self.image_size)
        for part in batches(self.images, _ROWS):
            shapes = sprites.render(classes[part], self.image_size)
            masks[part] = shapes[:, 0] > 0
            images[part] = painted(shapes, paint[part])
            if on_progress is not None:
                on_progress(part.stop, self.images)
        images.flush()
        masks.flush()
        return ImageSet(
            name="painted sprites",
            images=images,
            attributes=ATTRIBUTES,
            values=np.concatenate([sprites.true_values(classes), paint.astype(np.float64)], axis=1),
            description="Coloured, textured shapes on black with known factors: shape, scale, orientation, two "
            "positions, colour and texture.",
            source="rendered from the rule of dSprites (github.com/google-deepmind/dsprites-dataset), then painted",
            licence="Apache-2.0 (dSprites)",
            masks=masks,
        )


def painted(shapes: NDArray[np.uint8], paint: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Returns images (n, 3, s, s) of white shapes (n, 1, s, s) in the colours and textures (n, 2) of `paint`.

    Stripes and squares are a sixteenth of the image wide and lie where they lie in the image, wherever the shape is.
    """
    colours = np.array(list(COLOURS.values()), dtype=np.float64)[paint[:, 0]]
    brightness = textures(shapes.shape[-1])[paint[:, 1]]
    found = (shapes / 255.0) * colours[:, :, None, None] * brightness[:, None]
    return np.round(found).astype(np.uint8)


def textures(side: int) -> NDArray[np.float64]:
    """Returns the brightness (3, side, side) of each texture, 1 or DARK."""
    band = np.arange(side) // (side // 16) % 2
    striped = np.broadcast_to(band[:, None], (side, side))
    patterns = np.stack([np.zeros((side, side), dtype=np.int64), striped, band[:, None] ^ band])
    return np.where(patterns == 1, DARK, 1.0)
