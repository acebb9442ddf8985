"""How alike the coordinates of different seeds order the same held-out images."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RungLikeness:
    """Mean rank correlation of an attribute's coordinate on one rung over all pairs of seeds."""

    attribute: str
    rung: str
    strength: Estimate


def likeness(
    attribute: str,
    rung: str,
    predictions: Sequence[Floats],
    *,
    signed: bool,
    resamples: int,
    seed: int,
    groups: ImageGroups | None = None,
) -> RungLikeness:
    """Returns the likeness of predictions (n, c), one for each seed, of the same n images; columns are averaged.

    signed: predictions of an attribute must agree in sign; the values of a dimension need not.
    """
    n = len(predictions[0])
    ranks = [np.apply_along_axis(rankdata, 0, np.asarray(found, dtype=np.float64)) for found in predictions]
    ranks = [(found - found.mean(axis=0)) / np.maximum(found.std(axis=0), 1e-9) for found in ranks]
    independent = groups or ImageGroups.of(None, n)
    weights = np.concatenate(
        [np.ones((1, n)), independent.weights(resamples, np.random.default_rng([seed, 29]))]
    )
    pairs = [_correlation(ranks[a], ranks[b], weights, signed) for a, b in combinations(range(len(ranks)), 2)]
    figures = np.mean(pairs, axis=0)
    return RungLikeness(attribute, rung, from_samples(float(figures[0]), figures[1:], n, independent.source))


def _correlation(first: Floats, second: Floats, weights: Floats, signed: bool) -> Floats:
    """Returns the mean over columns of the correlation, (rows of weights,)."""
    total = weights.sum(axis=1, keepdims=True)
    columns = min(first.shape[1], second.shape[1])
    a, b = first[:, np.arange(columns)], second[:, np.arange(columns)]
    mean_a, mean_b = weights @ a / total, weights @ b / total
    covariance = weights @ (a * b) / total - mean_a * mean_b
    spread = np.sqrt(
        np.maximum(weights @ a**2 / total - mean_a**2, 0.0)
        * np.maximum(weights @ b**2 / total - mean_b**2, 0.0)
    )
    found = np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 1e-9)
    return np.asarray((found if signed else np.abs(found)).mean(axis=1))
