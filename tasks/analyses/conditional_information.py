"""What a dimension tells of one attribute where another is held fixed: I(z; a | b) / H(a | b)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.analyses.estimates import Estimate, centred_interval
from tasks.analyses.mutual_information import entropy_nats, information_nats

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


@dataclass(frozen=True)
class ConditionalUncertainty:
    """Share of the attribute's remaining uncertainty that is told, and the p-value of "none is".

    The share is NaN where nothing remains: the second attribute already decides the first.
    """

    estimate: Estimate
    p_value: float


def conditional_uncertainty(
    binned: Bins, levels: Bins, given: Bins, shuffles: int, draws: Bins, rng: np.random.Generator
) -> ConditionalUncertainty:
    """Returns I(z; a | b) / H(a | b) of bin numbers, levels and conditioning levels, each (n,).

    `draws` (resamples, n) are bootstrap rows.
    Chance is taken off by the mean over shuffles within the levels of b, and the share is scaled so that
    full knowledge stays 1 (as in the adjusted mutual information of Vinh et al. 2010): three-way tables
    are too sparse for the Miller correction.
    """
    n = len(levels)
    tables = _tables(binned, levels, given)
    remaining = _weighted_mean(entropy_nats(tables.sum(axis=3)), tables)[0]
    if remaining < 1e-3:
        return ConditionalUncertainty(Estimate(np.nan, None, None, n, "bootstrap over images"), 1.0)
    observed = _information(tables)[0]
    null = np.empty(shuffles)
    order = np.argsort(given, kind="stable")
    for s in range(shuffles):
        shuffled = np.empty_like(levels)
        shuffled[order] = levels[np.lexsort((rng.random(n), given))]
        null[s] = _information(_tables(binned, shuffled, given))[0]
    chance = float(null.mean())
    room = max(remaining - chance, 1e-9)
    value = (observed - chance) / room
    drawn = np.concatenate([_tables(binned[rows], levels[rows], given[rows], tables.shape) for rows in draws])
    low, high = centred_interval(np.asarray(value), _information(drawn) / room)
    p_value = (1.0 + float((null >= observed - 1e-12).sum())) / (shuffles + 1.0)
    bounded = np.clip([value, float(low), float(high)], 0.0, 1.0)
    estimate = Estimate(float(bounded[0]), float(bounded[1]), float(bounded[2]), n, "bootstrap over images")
    return ConditionalUncertainty(estimate, p_value)


def _tables(binned: Bins, levels: Bins, given: Bins, shape: tuple[int, ...] = ()) -> NDArray[np.int64]:
    """Returns counts (1, levels of b, levels of a, bins), of the given shape if one is."""
    shape = shape or (1, int(given.max()) + 1, int(levels.max()) + 1, int(binned.max()) + 1)
    index = (given * shape[2] + levels) * shape[3] + binned
    return np.bincount(index, minlength=int(np.prod(shape))).reshape(shape)


def _weighted_mean(per_level: Floats, tables: NDArray[np.int64]) -> Floats:
    weights = tables.sum(axis=(2, 3))
    return np.asarray((per_level * weights).sum(axis=1) / weights.sum(axis=1))


def _information(tables: NDArray[np.int64]) -> Floats:
    return _weighted_mean(information_nats(tables, corrected=False), tables)
