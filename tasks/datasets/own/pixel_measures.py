"""Attributes of images without labels: what can be measured in their pixels."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.batches import batches

_OF_GREY = (
    Attribute("brightness", "continuous", unit="share", description="mean of the pixels, 0 black to 1 white"),
    Attribute("contrast", "continuous", unit="share", description="standard deviation of the pixels"),
    Attribute(
        "centre x",
        "continuous",
        unit="share of the width",
        description="centre of what differs from the border of the image, 0 left to 1 right",
    ),
    Attribute(
        "centre y",
        "continuous",
        unit="share of the height",
        description="centre of what differs from the border of the image, 0 top to 1 bottom",
    ),
    Attribute(
        "extent",
        "continuous",
        unit="share of the side",
        description="root mean square distance of what differs from the border from its centre",
    ),
    Attribute(
        "detail",
        "continuous",
        unit="share",
        description="mean absolute difference between neighbouring pixels",
    ),
)
_OF_COLOUR = (
    Attribute("warmth", "continuous", unit="share", description="mean of red minus mean of blue"),
    Attribute("saturation", "continuous", unit="share", description="mean of largest minus smallest channel"),
)
_AT_A_TIME = 1000
# A measure that varies by less than a quarter of a grey level says nothing of the images.
SMALLEST_SPREAD = 0.001
_NOTHING = 1e-6


def measure_pixels(images: NDArray[np.uint8]) -> tuple[tuple[Attribute, ...], NDArray[np.float64]]:
    """Returns attributes measured in images uint8 (n, c, h, w), and their values float64 (n, k).

    Brightness, contrast, centre and extent of what differs from the median of the border, detail; of colour images
    warmth and saturation too. Measures with a standard deviation below 0.001 are left out, so k may be 0.
    """
    attributes = measures_in(images.shape[1])
    parts = batches(len(images), _AT_A_TIME)
    values = np.concatenate(
        [pixel_values(images[some].astype(np.float32) / np.float32(255)) for some in parts]
    )
    kept = values.std(axis=0) >= SMALLEST_SPREAD
    return tuple(one for one, keep in zip(attributes, kept, strict=True) if keep), values[:, kept]


def measures_in(channels: int) -> tuple[Attribute, ...]:
    """Returns all attributes that are measured in images of so many channels."""
    return _OF_GREY + (_OF_COLOUR if channels == 3 else ())


def pixel_values(images: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the values (n, k) of `measures_in` of images (n, c, h, w) in [0, 1]."""
    pixels = images.astype(np.float64)
    grey = pixels.mean(axis=1)
    x, y, extent = _place(grey)
    steps = [np.abs(np.diff(grey, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    columns = [grey.mean(axis=(1, 2)), grey.std(axis=(1, 2)), x, y, extent, (steps[0] + steps[1]) / 2]
    if pixels.shape[1] == 3:
        columns.append((pixels[:, 0] - pixels[:, 2]).mean(axis=(1, 2)))
        columns.append((pixels.max(axis=1) - pixels.min(axis=1)).mean(axis=(1, 2)))
    return np.stack(columns, axis=1)


def _place(
    grey: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Returns the centre (x, y) and the extent of what differs from the border; 0.5, 0.5 and 0 of a blank image."""
    _, height, width = grey.shape
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    mass = np.abs(grey - np.median(border, axis=1)[:, None, None])
    total = mass.sum(axis=(1, 2))
    blank = total <= _NOTHING
    mass = np.where(blank[:, None, None], 1.0, mass)
    total = mass.sum(axis=(1, 2))
    across, down = (np.arange(side) / max(side - 1, 1) for side in (width, height))
    x, y = mass.sum(axis=1) @ across / total, mass.sum(axis=2) @ down / total
    apart = (across[None, None] - x[:, None, None]) ** 2 + (down[None, :, None] - y[:, None, None]) ** 2
    extent = np.sqrt((mass * apart).sum(axis=(1, 2)) / total)
    return x, y, np.where(blank, 0.0, extent)
