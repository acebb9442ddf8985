"""Patterns: how a code changes with what a linear filter reads of it (Haufe et al. 2014, NeuroImage 87)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples

Floats = NDArray[np.float64]
SOURCE = "bootstrap over images"
# Of the square of a pattern: the dimensions that carry so much of it are its members.
MEMBERS_SHARE = 0.8
MAX_MEMBERS = 10
# Filters whose joint covariance has a condition number beyond this cannot be held apart.
MAX_CONDITION = 1e3


@dataclass(frozen=True)
class Member:
    """One dimension of a direction or block; `coefficient` in standard deviations, None where there is no filter."""

    dimension: int
    coefficient: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Concentration:
    """Over how many dimensions a pattern is spread."""

    participation_ratio: Estimate
    dimensions: Estimate


def pattern(covariance: Floats, filters: Floats) -> Floats | None:
    """Returns D = Cov W (W' Cov W)^-1, (d, r), for which W'D is the identity; None where W' Cov W is near singular."""
    inner = filters.T @ covariance @ filters
    scale = np.sqrt(np.maximum(np.diag(inner), 0.0))
    if not (scale > 0.0).all():
        return None
    standardised = inner / scale[:, None] / scale[None, :]
    if np.linalg.cond(standardised) > MAX_CONDITION:
        return None
    return np.asarray(covariance @ filters / scale @ np.linalg.inv(standardised) / scale)


def loadings(covariance: Floats, filters: Floats) -> Floats:
    """Returns (d,) how far each standardised dimension goes with what the filters read.

    Its correlation with the reading, signed; for filters of rank above 1 the multiple correlation.
    """
    common = covariance @ filters
    inner = filters.T @ common
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    if filters.shape[1] == 1:
        return np.asarray(common[:, 0] / np.sqrt(max(float(inner[0, 0]), 1e-300)) / spread)
    explained = np.einsum("dr,rs,ds->d", common, np.linalg.pinv(inner), common)
    return np.sqrt(np.clip(explained, 0.0, None)) / spread


def resampled_loadings(codes: Floats, weights: Floats, counts: Floats) -> Floats:
    """Returns loadings (resamples, d) of filters (resamples, d, r) on resampled images, counts (resamples, n)."""
    found = np.empty((len(counts), codes.shape[1]))
    total = len(codes)
    for place, (count, filters) in enumerate(zip(counts, weights, strict=True)):
        mean = count @ codes / total
        read = (codes - mean) @ filters
        common = (codes - mean).T @ (count[:, None] * read) / total
        inner = read.T @ (count[:, None] * read) / total
        variance = np.maximum(count @ (codes - mean) ** 2 / total, 1e-300)
        if filters.shape[1] == 1:
            found[place] = common[:, 0] / np.sqrt(max(float(inner[0, 0]), 1e-300) * variance)
        else:
            explained = np.einsum("dr,rs,ds->d", common, np.linalg.pinv(inner), common)
            found[place] = np.sqrt(np.clip(explained, 0.0, None) / variance)
    return found


def members(live: NDArray[np.int64], values: Floats, samples: Floats) -> tuple[Member, ...]:
    """Returns the largest loadings, values (d,) with resamples (resamples, d), that carry most of the square."""
    order = np.argsort(-np.abs(values), kind="stable")
    count = min(_dimensions(values[None])[0], MAX_MEMBERS)
    found = []
    for place in order[: int(count)]:
        estimate = from_samples(float(values[place]), samples[:, place], 0, SOURCE)
        found.append(Member(int(live[place]), estimate.value, estimate.low, estimate.high))
    return tuple(found)


def concentration(values: Floats, samples: Floats, n: int) -> Concentration:
    """Returns the participation ratio, and the fewest dimensions with most of the square, with intervals."""
    return Concentration(
        from_samples(float(_participation(values[None])[0]), _participation(samples), n, SOURCE),
        from_samples(float(_dimensions(values[None])[0]), _dimensions(samples), n, SOURCE),
    )


def _participation(values: Floats) -> Floats:
    squares = values**2
    return np.asarray(squares.sum(axis=1) ** 2 / np.maximum((squares**2).sum(axis=1), 1e-300))


def _dimensions(values: Floats) -> Floats:
    squares = np.sort(values**2, axis=1)[:, ::-1]
    carried = np.cumsum(squares, axis=1)
    return np.asarray((carried < MEMBERS_SHARE * carried[:, -1:]).sum(axis=1) + 1, dtype=np.float64)
