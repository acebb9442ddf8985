"""The share of a map's mass inside known masks, compared with their area."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate


@dataclass(frozen=True)
class MassInside:
    """Share of |map| inside the dilated masks, and the share of the image's area that they cover.

    A uniform map has mass equal to area; mass above area means that the map concentrates on the object.
    """

    mass: Estimate
    area_share: float
    dilated_pixels: int


def mass_inside(
    maps: NDArray[np.floating],
    masks: NDArray[np.bool_],
    rng: np.random.Generator,
    dilate_pixels: int = 2,
    resamples: int = 1000,
) -> MassInside | None:
    """Returns the mean share of |map| inside the masks, with its bootstrap interval over images.

    maps: (n, h, w); masks: (n, h, w), true on the object, widened by `dilate_pixels` because a map of an
    edge lies on both of its sides. Maps that are zero everywhere have no mass and are left out; None where
    that leaves none.
    """
    if maps.shape != masks.shape:
        raise ValueError(f"maps and masks must have one shape, got {maps.shape} and {masks.shape}")
    wide = masks if dilate_pixels == 0 else dilated(masks, dilate_pixels)
    mass = np.abs(maps.astype(np.float64))
    total = mass.sum(axis=(1, 2))
    known = total > 0
    if not known.any():
        return None
    shares = (mass * wide).sum(axis=(1, 2))[known] / total[known]
    estimate = mean_estimate(shares, resamples, rng, "bootstrap over images")
    return MassInside(estimate, float(wide[known].mean()), dilate_pixels)


def dilated(masks: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Returns masks (n, h, w) widened by `pixels` in every direction, diagonals included."""
    reach = np.ones((1, 2 * pixels + 1, 2 * pixels + 1), dtype=bool)
    return np.asarray(binary_dilation(masks, reach), dtype=bool)
