"""Sprites: dSprites' grid of shapes, rendered from its rule, so that no download is needed.

The grid is that of Matthey et al., "dSprites: Disentanglement testing Sprites dataset" (2017): 3 shapes,
6 scales, 40 orientations, 32 x 32 positions. The constants of the three outlines are a fit to published
images; every sprite is white on black, on where more than half of 4 x 4 samples a pixel fall inside.
"""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.choosing import OnProgress
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_images, new_masks
from latent_audit.tasks.datasets.remote_file import RemoteFile

SHAPES = ("square", "ellipse", "heart")
SCALES = np.linspace(0.5, 1.0, 6)
ORIENTATIONS = np.linspace(0.0, 2 * np.pi, 40)
POSITIONS = np.linspace(0.0, 1.0, 32)
FACTOR_SIZES = (3, 6, 40, 32, 32)
GRID_CELLS = 737_280

ATTRIBUTES = (
    Attribute("shape", "categorical", classes=SHAPES, description="outline of the sprite"),
    Attribute("scale", "continuous", description="size of the sprite as a share of the largest"),
    Attribute("orientation", "cyclic", period=2 * np.pi, unit="radian", description="turn of the sprite"),
    Attribute("posX", "continuous", description="position of the centre, 0 left to 1 right"),
    Attribute("posY", "continuous", description="position of the centre, 0 top to 1 bottom"),
)

_SAMPLES_A_SIDE = 4
_REACH = (13.8, 13.0, 11.2)  # farthest point of each outline from its centre at scale 1, in 64ths, rounded up
_PIXELS_A_CHUNK = 1 << 17  # about 0.5 MB a float32 temporary: stays in cache


class SpritesSettings(BaseModel):
    """Selection and size of the sprites to render."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["sprites"] = Field("sprites", description="white shapes on black, drawn here")
    image_size: Literal[32, 64] = Field(32, description="side of an image in pixels")
    images: int | None = Field(
        40_000, ge=1, le=GRID_CELLS, description="grid cells drawn without repetition; null takes all 737,280"
    )
    seed: int | None = Field(None, ge=0, description="seed of that draw; null takes the run's seed")

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns no files: sprites are rendered, not downloaded."""
        return ()

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the selected sprites, stored in `workspace/images.npy` and `workspace/masks.npy`."""
        classes = choose_classes(self.images, seed if self.seed is None else self.seed)
        size = self.image_size
        images = new_images(workspace, len(classes), 1, size)
        masks = new_masks(workspace, len(classes), size)
        for start in range(0, len(classes), 16_384):
            part = slice(start, start + 16_384)
            images[part] = render(classes[part], size)
            masks[part] = images[part, 0] > 0
            if on_progress is not None:
                on_progress(min(part.stop, len(classes)), len(classes))
        images.flush()
        masks.flush()
        return ImageSet(
            name="sprites",
            images=images,
            attributes=ATTRIBUTES,
            values=true_values(classes),
            description="White shapes on black with known factors: shape, scale, orientation and two positions.",
            source="rendered from the rule of dSprites (github.com/google-deepmind/dsprites-dataset)",
            licence="Apache-2.0 (dSprites)",
            masks=masks,
            factor_sizes=FACTOR_SIZES,
        )


def choose_classes(images: int | None, seed: int) -> NDArray[np.int64]:
    """Returns class indices (n, 5): distinct grid cells in random order, or the whole grid in order."""
    if images is None:
        cells = np.arange(GRID_CELLS)
    else:
        cells = np.random.default_rng(seed).choice(GRID_CELLS, size=images, replace=False)
    return np.stack(np.unravel_index(cells, FACTOR_SIZES), axis=1).astype(np.int64)


def true_values(classes: NDArray[np.integer]) -> NDArray[np.float64]:
    """Returns the factors' values (n, 5): shape code, scale, orientation in radian, posX, posY."""
    shape, scale, orientation, column, row = classes.T
    return np.stack(
        [
            shape.astype(np.float64),
            SCALES[scale],
            ORIENTATIONS[orientation],
            POSITIONS[column],
            POSITIONS[row],
        ],
        axis=1,
    )


def render(classes: NDArray[np.integer], image_size: int = 64) -> NDArray[np.uint8]:
    """Returns images (n, 1, s, s) of class indices (n, 5), 255 on the sprite and 0 elsewhere.

    Indices are in the order shape, scale, orientation, posX, posY. `image_size` changes the pixel grid, not
    the outlines: a sprite fills the same share of the image at every size (16 pixels or more).
    """
    classes = np.asarray(classes)
    if classes.ndim != 2 or classes.shape[1] != 5:
        raise ValueError(f"class indices of sprites have the shape (n, 5), got {classes.shape}")
    if image_size < 16:
        raise ValueError(f"sprites need an image_size of 16 pixels or more, got {image_size}")
    if ((classes < 0) | (classes >= np.array(FACTOR_SIZES))).any():
        raise ValueError(f"class indices of sprites lie in 0..size-1 for the sizes {FACTOR_SIZES}")
    images = np.zeros((len(classes), image_size, image_size), np.uint8)
    pixel = 64.0 / image_size  # side of a pixel in units of the published 64 x 64 grid
    for shape in range(len(SHAPES)):
        for scale in range(len(SCALES)):
            chosen = np.flatnonzero((classes[:, 0] == shape) & (classes[:, 1] == scale))
            side = min(image_size, int(np.ceil(2 * _REACH[shape] * SCALES[scale] / pixel)) + 2)
            chunk = max(1, _PIXELS_A_CHUNK // (side * side))
            for start in range(0, len(chosen), chunk):
                _draw(images, classes, chosen[start : start + chunk], shape, float(SCALES[scale]), side)
    return images[:, None]


def _draw(
    images: NDArray[np.uint8],
    classes: NDArray[np.integer],
    rows: NDArray[np.intp],
    shape: int,
    scale: float,
    side: int,
) -> None:
    """Draws images[rows], all of one shape and scale, inside windows of `side` pixels around each centre."""
    image_size = images.shape[1]
    pixel = 64.0 / image_size
    orientation, column, row = classes[rows, 2:].T
    centre_x = (15.57 + 31.87 * POSITIONS[column] + 0.5) / pixel  # in pixels from the image's left edge
    centre_y = (15.44 + 32.06 * POSITIONS[row] + 0.5) / pixel
    left = np.clip(np.rint(centre_x - side / 2).astype(np.int64), 0, image_size - side)
    top = np.clip(np.rint(centre_y - side / 2).astype(np.int64), 0, image_size - side)
    cosine = (np.cos(ORIENTATIONS[orientation]) * pixel / scale)[:, None]
    sine = (np.sin(ORIENTATIONS[orientation]) * pixel / scale)[:, None]
    columns = left[:, None] + np.arange(side)  # (m, side)
    lines = top[:, None] + np.arange(side)
    x = columns - centre_x[:, None]
    y = lines - centre_y[:, None]
    count = np.zeros((len(rows), side, side), np.uint8)
    offsets = (np.arange(_SAMPLES_A_SIDE) + 0.5) / _SAMPLES_A_SIDE
    for down in offsets:
        y_sine = ((y + down) * sine).astype(np.float32)[:, :, None]
        y_cosine = ((y + down) * cosine).astype(np.float32)[:, :, None]
        for across in offsets:
            u = ((x + across) * cosine).astype(np.float32)[:, None, :] - y_sine
            v = ((x + across) * sine).astype(np.float32)[:, None, :] + y_cosine
            count += _inside(shape, u, v)
    full = count > _SAMPLES_A_SIDE**2 // 2
    images[rows[:, None, None], lines[:, :, None], columns[:, None, :]] = full * np.uint8(255)


def _inside(shape: int, u: NDArray[np.float32], v: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Returns whether points in the sprite's own frame lie in its outline; overwrites u and v."""
    if shape == 0:
        np.abs(u, out=u)
        np.abs(v, out=v)
        return np.maximum(u, v, out=u) < np.float32(9.70)
    np.square(u, out=u)
    if shape == 1:
        u *= np.float32(1 / 12.98**2)
        u += np.square(v, out=v) * np.float32(1 / 7.23**2)
        return u < np.float32(1)
    u *= np.float32(1 / 8.1**2)  # U squared
    v *= np.float32(-1 / 8.1)
    v += np.float32(0.065)  # V
    squared = np.square(v)
    v *= squared
    v *= u  # U^2 V^3
    u += squared
    u -= np.float32(1)
    return u * u * u < v
