"""Attributes of a known strength, planted in given codes: what would have been found, had it been there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, xlogy

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# Nodes of the Gauss-Hermite rule, and steps of bisection: both far finer than any estimate.
_NODES, _STEPS = 80, 50


@dataclass(frozen=True)
class Template:
    """The attribute that planted ones resemble: values (n,), levels (n,) and strata (n,) of what is given."""

    values: Floats
    levels: Bins
    strata: Bins


def correlation_for(template: Template, uncertainty: float) -> float:
    """Returns how far a normal score must go with a direction of the code for U of the planted levels.

    Within a stratum a level is an interval of the score, as often as in the template; U is that of the direction
    itself, beyond the strata.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    shares = [
        (float((template.strata == stratum).mean()), np.bincount(template.levels[template.strata == stratum]))
        for stratum in np.unique(template.strata)
    ]

    def share_told(correlation: float) -> float:
        open_, left = 0.0, 0.0
        for share, counts in shares:
            probabilities = counts / counts.sum()
            cuts = ndtri(np.clip(np.cumsum(probabilities)[:-1], 1e-12, 1.0 - 1e-12))
            below = ndtr((cuts[:, None] - correlation * points) / np.sqrt(1.0 - correlation**2))
            edges = np.concatenate([np.zeros((1, _NODES)), below, np.ones((1, _NODES))])
            chances = np.maximum(np.diff(edges, axis=0), 0.0)
            open_ += share * float(-xlogy(probabilities, probabilities).sum())
            left += share * float(-(xlogy(chances, chances).sum(axis=0) @ weights))
        return 1.0 - left / open_ if open_ > 0.0 else 1.0

    low, high = 0.0, 1.0 - 1e-9
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if share_told(middle) < uncertainty else (low, middle)
    return (low + high) / 2.0


def plant(template: Template, codes: Floats, correlation: float, rng: np.random.Generator) -> Floats:
    """Returns values (n,) of an attribute along a random direction of standardised codes (n, d).

    In each stratum they are the template's values, in the order of the score.
    """
    along = codes @ rng.standard_normal(codes.shape[1])
    noise = rng.standard_normal(len(codes))
    planted = np.empty_like(template.values)
    for stratum in np.unique(template.strata):
        rows = np.flatnonzero(template.strata == stratum)
        ranks = np.argsort(np.argsort(along[rows], kind="stable"), kind="stable")
        normal = ndtri((ranks + 0.5) / len(rows))
        score = correlation * normal + np.sqrt(1.0 - correlation**2) * noise[rows]
        planted[rows[np.argsort(score, kind="stable")]] = np.sort(template.values[rows])
    return planted
