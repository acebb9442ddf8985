"""How loose the evidence lower bound is: importance-weighted bounds on log p(x) (Burda et al. 2016), in the mean over
images and image by image.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

Floats = NDArray[np.float64]
# Below so many, a few draws decide an importance-weighted bound, and log p(x) is not reached.
FEWEST_EFFECTIVE = 10.0
_SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class WeightedBound:
    """log p(x) is at least `bound` nats in the mean over images, by `draws` draws an image.

    effective: median over images of the effective sample size. reached: share of images where it is 10 or more.
    """

    draws: int
    bound: Estimate
    effective: float
    reached: float


@dataclass(frozen=True)
class ImageGap:
    """One image: `gap` nats by which its ELBO is too low at least, and the effective sample size behind that."""

    row: int
    gap: float
    effective: float
    reached: bool


@dataclass(frozen=True)
class Looseness:
    """elbo, bounds and exact: nats per image. too_low: the ELBO lies at least so far below log p(x); exactly so far
    where `exact`, log p(x) itself, is known; exact is None elsewhere.
    """

    images: int
    elbo: Estimate
    bounds: tuple[WeightedBound, ...]
    exact: Estimate | None
    too_low: Estimate
    by_image: tuple[ImageGap, ...]


def importance_bound(log_weights: Floats) -> tuple[Floats, Floats]:
    """Returns (n,) bounds on log p(x) in nats, and the effective sample size of each, of log weights (n, draws).

    log_weights: log p(x, z) - log q(z | x). A bound is the logarithm of the mean weight, in expectation over draws at
    most log p(x); an effective sample size is (sum w)^2 / sum w^2.
    """
    largest = log_weights.max(axis=1)
    weights = np.exp(log_weights - largest[:, None])
    total = weights.sum(axis=1)
    return largest + np.log(total / log_weights.shape[1]), total**2 / np.square(weights).sum(axis=1)


def measure_looseness(
    log_weights: Floats,
    exact: Floats | None,
    draws: Sequence[int],
    rows: Sequence[int],
    resamples: int,
    rng: np.random.Generator,
) -> Looseness:
    """Returns how loose the ELBO, the mean log weight, is by the bound of all draws, or by log p(x) where it is known.

    log_weights: (n, draws[-1]) as of `importance_bound`; draws: ascending, each bound is made of the first so many.
    exact: (n,) log p(x), or None. rows: of the data, one for each image.
    """
    elbo = log_weights.mean(axis=1)
    bounds = [importance_bound(log_weights[:, :count]) for count in draws]
    best, effective = bounds[-1]
    gaps = (best if exact is None else exact) - elbo
    return Looseness(
        len(rows),
        mean_estimate(elbo, resamples, rng, _SOURCE),
        tuple(
            WeightedBound(
                count,
                mean_estimate(bound, resamples, rng, _SOURCE),
                float(np.median(sizes)),
                float((sizes >= FEWEST_EFFECTIVE).mean()),
            )
            for count, (bound, sizes) in zip(draws, bounds, strict=True)
        ),
        None if exact is None else mean_estimate(exact, resamples, rng, _SOURCE),
        mean_estimate(gaps, resamples, rng, _SOURCE),
        tuple(
            ImageGap(row, float(gap), float(size), bool(size >= FEWEST_EFFECTIVE))
            for row, gap, size in zip(rows, gaps, effective, strict=True)
        ),
    )
