"""Measures of centred pictures of clothes on black: how large, how tall, how bright, how symmetric."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (
    Attribute("area", "continuous", unit="share", description="pixels on the garment, of all pixels"),
    Attribute("aspect", "continuous", unit="ratio", description="height of the garment over its width"),
    Attribute("intensity", "continuous", unit="share", description="mean brightness on the garment, 0 to 1"),
    Attribute(
        "symmetry",
        "continuous",
        unit="correlation",
        description="the image with its left-right mirror, -1 to 1",
    ),
)

_ON_GARMENT = 26  # a tenth of full brightness: above the faint noise around some garments


def measure_clothes(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns area, aspect, intensity and symmetry (n, 4) of uint8 images (n, h, w).

    A blank image has area and intensity 0, aspect and symmetry 1.
    """
    _, h, w = images.shape
    on: NDArray[np.bool_] = images >= _ON_GARMENT
    pixels = on.sum(axis=(1, 2))
    rows, columns = np.asarray(on.any(axis=2)), np.asarray(on.any(axis=1))
    height = h - rows.argmax(axis=1) - rows[:, ::-1].argmax(axis=1)
    width = w - columns.argmax(axis=1) - columns[:, ::-1].argmax(axis=1)
    brightness = np.where(on, images, 0).sum(axis=(1, 2), dtype=np.float64)
    aspect = np.where(pixels > 0, height / width, 1.0)
    intensity = brightness / np.maximum(pixels, 1) / 255
    return np.column_stack([pixels / (h * w), aspect, intensity, _mirror_correlation(images)])


def _mirror_correlation(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    centred = images.astype(np.float64)
    centred -= centred.mean(axis=(1, 2), keepdims=True)
    together = (centred * centred[:, :, ::-1]).sum(axis=(1, 2))
    alone = (centred * centred).sum(axis=(1, 2))
    return np.where(alone > 0, together / np.where(alone > 0, alone, 1.0), 1.0)
