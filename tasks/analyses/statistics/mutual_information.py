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
# Below so many expected images a cell, approximations by counts are too coarse (Cochran 1954).
FEWEST_EXPECTED = 5


def joint_tables(levels: Bins, level_count: int, binned: Bins, bins: int) -> Bins:
    """Returns counts (k, d, level_count, bins) of levels (n, k), negative where missing, against bin numbers (n, d)."""
    size = (level_count + 1) * bins
    # One column at a time: images and counts then stay in cache. A missing level is counted as the first.
    rows = (np.ascontiguousarray(levels.T) + 1) * bins
    columns = np.ascontiguousarray(binned.T)
    counts = [[np.bincount(row + column, minlength=size) for column in columns] for row in rows]
    return np.array(counts).reshape(len(rows), len(columns), level_count + 1, bins)[:, :, 1:]


def resampled_uncertainty(levels: Bins, binned: Bins, bins: int, draws: Sequence[Bins]) -> Floats:
    """Returns plug-in uncertainty coefficients (resamples, k, d) of the images that each of `draws` names."""
    joint = JointCounts(levels, binned, bins)
    table = n_log_n(max(len(images) for images in draws))
    resampled = np.zeros((len(draws), levels.shape[1], binned.shape[1]))
    for found, images in zip(resampled, draws, strict=True):
        for attribute, counts in enumerate(joint.resampled(images)):
            n = max(int(counts[0].sum()), 1)
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
    return share_of_entropy(information_nats(tables, corrected), tables)


def share_of_entropy(information: Floats, tables: NDArray[np.number]) -> Floats:
    """Returns information, in nats, by the entropy of the rows of tables (..., rows, columns); 0 for constant ones."""
    entropy = entropy_nats(tables.sum(axis=-1))
    return np.asarray(np.divide(information, entropy, out=np.zeros_like(information), where=entropy > 1e-12))


def less_chance(value: Floats, chance: Floats) -> Floats:
    """Returns uncertainty coefficients less what shuffles give on average, scaled so that full knowledge stays 1.

    As in the adjusted mutual information (Vinh et al. 2010). Where images come in groups, there are fewer independent
    ones than the correction by counts takes for granted.
    """
    return np.asarray((value - chance) / np.maximum(1.0 - chance, 1e-9))


def is_sparse(tables: NDArray[np.number]) -> NDArray[np.bool_]:
    """Returns whether tables (..., rows, columns) expect fewer than 5 images in a cell of their rarest row.

    Rows and columns without an image do not count. There the correction by counts is too small: with 22 images of a
    class in twenty bins it leaves 0.06 of U where nothing is to be found.
    """
    rows, columns = tables.sum(axis=-1), (tables.sum(axis=-2) > 0).sum(axis=-1)
    rarest = np.where(rows > 0, rows, np.inf).min(axis=-1)
    return np.asarray(rarest < FEWEST_EXPECTED * columns)


def corrected_uncertainty(tables: NDArray[np.number], chance: Floats) -> tuple[Floats, Floats]:
    """Returns uncertainty coefficients (...) of tables (..., rows, columns), and the standard error of the correction.

    chance: (...), the plug-in coefficient that shuffles give on average. Sparse tables are corrected by it, others by
    their counts. Of a rare class half of it is the standard error, since its count is uncertain too; where no class is
    rare, that times the root of the coefficient, since shuffles correct exactly where nothing is to be found. Coverage
    asks for both (the selftest's rows on rare attributes and on few images).
    """
    sparse = is_sparse(tables)
    by_chance = less_chance(uncertainty_coefficient(tables, corrected=False), chance)
    value = np.where(sparse, by_chance, uncertainty_coefficient(tables))
    rows = tables.sum(axis=-1)
    filled = np.maximum((rows > 0).sum(axis=-1), 1)
    is_rare = np.where(rows > 0, rows, np.inf).min(axis=-1) < rows.sum(axis=-1) / filled / 2.0
    error = chance / 2.0 * np.where(is_rare, 1.0, np.sqrt(np.clip(value, 0.0, 1.0)))
    return np.asarray(value), np.where(sparse, error, 0.0)


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
    whole = np.stack([table[np.bincount(binned[:, j])].sum() for j in range(dimensions)])
    row_sums, column_sums, images = (
        np.empty(attributes),
        np.empty((attributes, dimensions)),
        np.empty(attributes),
    )
    for k, column in enumerate(levels.T):
        known = column >= 0
        row_sums[k], images[k] = table[np.bincount(column[known])].sum(), max(int(known.sum()), 1)
        column_sums[k] = (
            whole
            if known.all()
            else [table[np.bincount(binned[known, j], minlength=1)].sum() for j in range(dimensions)]
        )
    return (sums - row_sums[:, None] - column_sums) / images[:, None] + np.log(images)[:, None]


def exchanged_uncertainty(
    levels: Bins, binned: Bins, bins: int, permutations: int, groups: ImageGroups, rng: np.random.Generator
) -> Floats:
    """Returns plug-in uncertainty coefficients (permutations + 1, k, d); row 0 is the data, in the others attributes
    change places among whole groups of images.

    An attribute that is constant within groups is permuted among groups; one that varies is exchanged between groups
    cut to common sizes, row 0 included. One shuffle serves all cells. An attribute that some images lack (a negative
    level) is exchanged among the groups of those that have it, in shuffles of its own.
    """
    found = np.zeros((permutations + 1, levels.shape[1], binned.shape[1]))
    incomplete = [int(k) for k in np.flatnonzero((levels < 0).any(axis=0))]
    for k in incomplete:
        known = np.flatnonzero(levels[:, k] >= 0)
        inside = groups.of_rows(known)
        alone = exchanged_uncertainty(levels[known][:, [k]], binned[known], bins, permutations, inside, rng)
        found[:, k] = alone[:, 0]
    complete = [k for k in range(levels.shape[1]) if k not in incomplete]
    constant = [k for k in complete if groups.are_constant_in(levels[:, k])]
    varying = [k for k in complete if k not in constant]
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
