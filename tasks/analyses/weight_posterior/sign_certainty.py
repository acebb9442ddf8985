"""Attribution maps over draws of a classifier's weights: their mean, their spread, and where their sign is certain."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

# A pixel's sign is certain where so large a share of the draws has it.
SAME_SIGN = 0.95


@dataclass(frozen=True)
class DrawnMaps:
    """Maps of n images over draws: mean and standard deviation (n, h, w), and where the sign is certain.

    certain_share: of the pixels to which any draw gives a value, in the mean over images.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    certain: NDArray[np.bool_]
    certain_share: Estimate


def summarise(
    maps: Iterable[NDArray[np.floating]], resamples: int, rng: np.random.Generator
) -> tuple[DrawnMaps, ...]:
    """Returns what the maps of each output have in common; maps (n, outputs, h, w), one array a draw.

    Raises:
        ValueError: there are fewer than two draws.
    """
    count, total, squares = 0, np.zeros(()), np.zeros(())
    positive, negative = np.zeros((), np.int64), np.zeros((), np.int64)
    for drawn in maps:
        values = np.asarray(drawn, dtype=np.float64)
        count, total, squares = count + 1, total + values, squares + values**2
        positive, negative = positive + (values > 0.0), negative + (values < 0.0)
    if count < 2:
        raise ValueError("a deviation needs at least two draws")
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0) * (count / (count - 1)))
    certain = np.maximum(positive, negative) >= SAME_SIGN * count
    valued = positive + negative > 0
    shares = certain.sum(axis=(2, 3)) / np.maximum(valued.sum(axis=(2, 3)), 1)
    return tuple(
        DrawnMaps(
            mean[:, output].astype(np.float32),
            deviation[:, output].astype(np.float32),
            certain[:, output],
            mean_estimate(shares[:, output], resamples, rng, "bootstrap over images"),
        )
        for output in range(mean.shape[1])
    )
