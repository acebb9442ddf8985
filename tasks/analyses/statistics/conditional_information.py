"""Conditional uncertainty coefficient of an attribute and a dimension given another one: I(z; a | b) / H(a | b)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups, ShufflesWithin, shuffles_within
from latent_audit.tasks.analyses.statistics.mutual_information import entropy_nats, information_nats
from latent_audit.tasks.analyses.statistics.shared_shuffles import ENOUGH_SHUFFLES, FAR_ABOVE

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


@dataclass(frozen=True)
class ConditionalUncertainty:
    """Share of the attribute's remaining entropy that the dimension explains, and the p-value of "none".

    The share is NaN if no entropy remains because the second attribute determines the first.
    """

    estimate: Estimate
    p_value: float


def resampled_tables(binned: Bins, levels: Bins, given: Bins, draws: Iterable[Bins]) -> Bins:
    """Returns counts (resamples, levels of b, levels of a, bins) of bin numbers, levels and conditioning levels,
    each (n,), over the bootstrap rows that each of `draws` names.
    """
    cells, shape = _cells(binned, levels, given)
    return np.concatenate([_tables(cells[rows], shape) for rows in draws])


def conditional_uncertainty(
    binned: Bins,
    levels: Bins,
    given: Bins,
    shuffles: int,
    resampled: Bins,
    rng: np.random.Generator,
    groups: ImageGroups | None = None,
) -> ConditionalUncertainty:
    """Returns I(z; a | b) / H(a | b) of bin numbers, levels and conditioning levels, each (n,).

    `resampled` are their tables over bootstrap rows, as `resampled_tables` gives them.
    Chance is taken off by the mean over shuffles within the levels of b, and the share is scaled so that
    full knowledge stays 1 (as in the adjusted mutual information of Vinh et al. 2010): three-way tables
    are too sparse for the Miller correction. groups: of the images; whole groups are shuffled.
    """
    n, source = len(levels), (groups or ImageGroups.of(None, len(levels))).source
    cells, shape = _cells(binned, levels, given)
    tables = _tables(cells, shape)
    remaining = _weighted_mean(entropy_nats(tables.sum(axis=3)), tables)[0]
    if remaining < 1e-3:
        return ConditionalUncertainty(Estimate(np.nan, None, None, n, source), 1.0)
    observed = _information(tables)[0]
    # A row is its level of b and its bin, whatever level of a comes to it: rows by level of b meet levels of a
    # from the same level of b in another order.
    if groups is None or groups.are_single_images:
        taking = np.argsort(given, kind="stable")
        withins = shuffles_within(given, rng)
        compared = observed
    else:
        exchange = ShufflesWithin.of(groups, levels, given, rng)
        taking = exchange.rows
        withins = (exchange.shuffled(rng) for _ in range(shuffles))
        compared = _information(_tables(cells[taking], shape))[0] if len(taking) else 0.0
    if not len(taking):
        return ConditionalUncertainty(Estimate(np.nan, None, None, n, source), 1.0)
    without_level, only_level = (cells - levels * shape[2])[taking], levels * shape[2]
    null = np.zeros(0)
    for some in range(0, shuffles, ENOUGH_SHUFFLES):
        drawn = [next(withins) for _ in range(min(ENOUGH_SHUFFLES, shuffles - some))]
        counts = np.concatenate([_tables(without_level + only_level[within], shape) for within in drawn])
        null = np.concatenate([null, _information(counts)])
        if compared > null.mean() + FAR_ABOVE * max(float(null.std()), 1e-12):
            break
    chance = float(null.mean())
    room = max(remaining - chance, 1e-9)
    value = (observed - chance) / room
    low, high = centred_interval(np.asarray(value), _information(resampled) / room)
    p_value = (1.0 + float((null >= compared - 1e-12).sum())) / (shuffles + 1.0)
    bounded = np.clip([value, float(low), float(high)], 0.0, 1.0)
    estimate = Estimate(float(bounded[0]), float(bounded[1]), float(bounded[2]), n, source)
    return ConditionalUncertainty(estimate, p_value)


def _cells(binned: Bins, levels: Bins, given: Bins) -> tuple[Bins, tuple[int, int, int]]:
    """Returns each image's place in the table, laid out flat, and the table's shape."""
    shape = int(given.max()) + 1, int(levels.max()) + 1, int(binned.max()) + 1
    return (given * shape[1] + levels) * shape[2] + binned, shape


def _tables(cells: Bins, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """Returns counts (1, levels of b, levels of a, bins) of cell numbers in a table of that shape."""
    return np.bincount(cells, minlength=math.prod(shape)).reshape(1, *shape)


def _weighted_mean(per_level: Floats, tables: NDArray[np.int64]) -> Floats:
    weights = tables.sum(axis=(2, 3))
    return np.asarray((per_level * weights).sum(axis=1) / weights.sum(axis=1))


def _information(tables: NDArray[np.int64]) -> Floats:
    return _weighted_mean(information_nats(tables, corrected=False), tables)
