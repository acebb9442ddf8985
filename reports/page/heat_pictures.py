"""Images beside their attribution maps, as pictures."""

from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from latent_audit.reports.page.image_files import as_bytes


def overlays(images: npt.NDArray[Any], maps: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Returns image and map alternating, (2m,3,h,w): the map signed, orange for more and blue for less.

    images: (m, c, h, w). maps: (m, h, w), in any unit: 0 is white, and the largest values have the full colour.
    """
    pixels = as_bytes(images)
    pixels = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
    made = []
    for image, values in zip(pixels, maps, strict=False):
        size = float(np.quantile(np.abs(values), 0.995)) or 1.0
        colours = mpl.colormaps["PuOr_r"](0.5 + 0.5 * np.clip(values / size, -1, 1))[..., :3]
        grey = image.mean(axis=-1, keepdims=True) / 255
        mixed = colours * 0.8 + 0.2 * np.repeat(grey, 3, axis=-1)
        made += [image, np.round(mixed * 255).astype(np.uint8)]
    return np.moveaxis(np.stack(made), -1, 1)
