"""Bias-corrected mutual information of small integers, for all cells at once.

The plug-in estimate is too high by about (filled joint cells - filled rows - filled columns + 1) / 2n
(Miller 1955). That correction is chosen over subtracting the mean under permutation because it adapts: where
an attribute determines the code few joint cells are filled and the correction is small, while the
permutation mean would push a perfect code below 1. Under independence both agree.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.joint_counts import JointCounts

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


def joint_tables(levels: Bins, level_count: int, binned: Bins, bins: int) -> Bins:
    """Returns counts (k, d, level_count, bins) of levels (n, k) against bin numbers (n, d)."""
    size = level_count * bins
    # One column at a time: images and counts then stay in cache.
    rows = np.ascontiguousarray(levels.T) * bins
    columns = np.ascontiguousarray(binned.T)
    counts = [[np.bincount(row + column, minlength=size) for column in columns] for row in rows]
    return np.array(counts).reshape(len(rows), len(columns), level_count, bins)


def resampled_uncertainty(levels: Bins, binned: Bins, bins: int, draws: Sequence[Bins]) -> Floats:
    """Returns plug-in uncertainty coefficients (resamples, k, d) of the images that each of `draws` names."""
    joint = JointCounts(levels, binned, bins)
    table = n_log_n(max(len(images) for images in draws))
    resampled = np.zeros((len(draws), levels.shape[1], binned.shape[1]))
    for found, images in zip(resampled, draws, strict=True):
        n = len(images)
        for attribute, counts in enumerate(joint.resampled(images)):
            of_cell = table[counts].sum(axis=(1, 2))
            of_level = table[counts[0].sum(axis=1)].sum()
            of_bin = table[counts.sum(axis=1)].sum(axis=1)
            entropy = np.log(n) - of_level / n
            if entropy > 1e-12:
                found[attribute] = (np.log(n) + (of_cell - of_level - of_bin) / n) / entropy
    return resampled


def entropy_nats(counts: NDArray[np.number], axis: int | tuple[int, ...] = -1) -> Floats:
    """Returns the plug-in entropy, in nats, of counts along `axis`; 0 where there are no counts."""
    total = counts.sum(axis=axis)
    safe = np.maximum(total, 1)
    return np.asarray(np.log(safe) - xlogy(counts, counts).sum(axis=axis) / safe)


def information_nats(tables: NDArray[np.number], corrected: bool = True) -> Floats:
    """Returns the mutual information, in nats, of tables (..., rows, columns) of counts."""
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    information = entropy_nats(rows) + entropy_nats(columns) - entropy_nats(tables, axis=(-2, -1))
    if corrected:
        filled = (tables > 0).sum(axis=(-2, -1)) - (rows > 0).sum(axis=-1) - (columns > 0).sum(axis=-1) + 1
        information = information - filled / (2.0 * np.maximum(rows.sum(axis=-1), 1))
    return np.asarray(information)


def uncertainty_coefficient(tables: NDArray[np.number], corrected: bool = True) -> Floats:
    """Returns I(row; column) / H(row) of tables (..., rows, columns): the share of the row entropy explained.

    Plug-in values lie in 0 to 1; corrected ones scatter about 0 under independence and may be negative.
    0 where the row variable is constant.
    """
    entropy = entropy_nats(tables.sum(axis=-1))
    information = information_nats(tables, corrected)
    return np.asarray(np.divide(information, entropy, out=np.zeros_like(information), where=entropy > 1e-12))


def n_log_n(n: int) -> Floats:
    """Returns c log c for c = 0 to n, so that permutations need a look-up and no logarithm."""
    counts = np.arange(n + 1, dtype=np.float64)
    return np.asarray(xlogy(counts, counts))


def permuted_information_nats(
    levels: Bins, binned: Bins, bins: int, permutations: int, rng: np.random.Generator
) -> Floats:
    """Returns plug-in information (permutations + 1, k, d); row 0 is the data, the others shuffled images.

    One shuffle serves all cells, so the dependence between cells is kept. Shuffling leaves both margins as
    they are; only the sum of c log c over the joint cells has to be computed again.
    """
    n, attributes, dimensions = len(levels), levels.shape[1], binned.shape[1]
    joint = JointCounts(levels, binned, bins)
    table = n_log_n(n)
    sums = np.empty((permutations + 1, attributes, dimensions))
    for p in range(permutations + 1):
        order = np.arange(n) if p == 0 else rng.permutation(n)
        for attribute, counts in enumerate(joint.shuffled(order)):
            sums[p, attribute] = table[counts].sum(axis=(1, 2))
    row_sums = np.stack([table[np.bincount(levels[:, k])].sum() for k in range(attributes)])
    column_sums = np.stack([table[np.bincount(binned[:, j])].sum() for j in range(dimensions)])
    return (sums - row_sums[:, None] - column_sums[None, :]) / n + np.log(n)


def exchanged_uncertainty(
    levels: Bins, binned: Bins, bins: int, permutations: int, groups: ImageGroups, rng: np.random.Generator
) -> Floats:
    """Returns plug-in uncertainty coefficients (permutations + 1, k, d); row 0 is the data, in the others attributes
    change places among whole groups of images.

    An attribute that is constant within groups is permuted among groups; one that varies is exchanged between groups
    cut to common sizes, row 0 included. One shuffle serves all cells.
    """
    constant = [k for k in range(levels.shape[1]) if groups.are_constant_in(levels[:, k])]
    varying = [k for k in range(levels.shape[1]) if k not in constant]
    found = np.zeros((permutations + 1, levels.shape[1], binned.shape[1]))
    exchange = groups.exchange(rng)
    rows = exchange.rows
    both = [(constant, np.arange(len(levels)))] + ([(varying, rows)] if len(rows) else [])
    for columns, taking in both:
        if not columns:
            continue
        joint = JointCounts(levels[:, columns], binned[taking], bins)
        for p in range(permutations + 1):
            if p == 0:
                order = taking
            else:
                order = groups.shuffled_among_groups(rng) if columns is constant else exchange.shuffled(rng)
            for place, counts in zip(columns, joint.shuffled(order), strict=True):
                found[p, place] = uncertainty_coefficient(counts, corrected=False)
    return found
