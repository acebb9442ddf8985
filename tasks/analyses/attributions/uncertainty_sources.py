"""Variance of a pixel by source: weights (epistemic) or code of the image (aleatoric)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UncertaintySources:
    """Mean standard deviation of a pixel over samples, as a share of the brightness range.

    weights_share: share of the weights in the sum of both variances, 0 to 1.
    """

    weights: Estimate
    latents: Estimate
    weights_share: Estimate


def compute(
    weight_deviation: NDArray[np.floating],
    latent_deviation: NDArray[np.floating],
    resamples: int,
    rng: np.random.Generator,
) -> UncertaintySources:
    """Returns both sources over images; deviations are (n, c, h, w), one draw of the other held at its mean."""
    pixels = tuple(range(1, weight_deviation.ndim))
    weights, latents = weight_deviation.astype(np.float64), latent_deviation.astype(np.float64)
    ours, theirs = np.square(weights).mean(pixels), np.square(latents).mean(pixels)
    both = ours + theirs
    share = np.divide(ours, both, out=np.full_like(both, 0.5), where=both > 0)
    source = "bootstrap over images"
    return UncertaintySources(
        mean_estimate(weights.mean(pixels), resamples, rng, source),
        mean_estimate(latents.mean(pixels), resamples, rng, source),
        mean_estimate(share, resamples, rng, source),
    )


def running_deviation(draws: list[NDArray[np.floating]]) -> Floats:
    """Returns the standard deviation over draws, each (n, c, h, w), with one degree of freedom less."""
    if len(draws) < 2:
        raise ValueError("a deviation needs at least two draws")
    return np.asarray(np.stack(draws).astype(np.float64).std(axis=0, ddof=1))
