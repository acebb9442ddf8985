"""Reach of attention: the mean distance over which locations attend to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AttentionReach:
    """Mean distance over which a location attends, as a share of the image's side, beside that of uniform attention.

    received: (n, side, side), attention that each location receives, mean 1; not in the record.
    """

    reach: Estimate
    uniform_reach: float
    received: Floats


def compute(weights: NDArray[np.floating], resamples: int, rng: np.random.Generator) -> AttentionReach:
    """Returns the reach of attention weights (n, places, places), rows summing to 1, of square maps."""
    places = weights.shape[1]
    side = round(places**0.5)
    if weights.shape[2] != places or side * side != places:
        raise ValueError(f"attention must be (n, side^2, side^2), got {weights.shape}")
    rows, columns = np.divmod(np.arange(places), side)
    distance = np.hypot(rows[:, None] - rows, columns[:, None] - columns) / side
    per_image = (weights.astype(np.float64) * distance).sum(2).mean(1)
    received = weights.astype(np.float64).sum(1).reshape(-1, side, side)
    reach = mean_estimate(per_image, resamples, rng, "bootstrap over images")
    return AttentionReach(reach, float(distance.mean()), received)
