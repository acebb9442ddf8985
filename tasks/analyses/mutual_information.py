"""Mutual information of small integers, all cells at once, with its bias taken off.

The plug-in estimate is too high by about (filled joint cells - filled rows - filled columns + 1) / 2n
(Miller 1955). That correction is chosen over subtracting the mean under permutation because it adapts: where
an attribute decides the code few joint cells are filled and hardly anything is taken off, while the
permutation mean would push a perfect code below 1. Under independence both agree.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


def joint_tables(levels: Bins, level_count: int, binned: Bins, bins: int) -> Bins:
    """Returns counts (k, d, level_count, bins) of levels (n, k) against bin numbers (n, d)."""
    index, size = _cell_index(levels, level_count, binned, bins)
    counts = np.bincount(index.ravel(), minlength=size)
    return counts.reshape(levels.shape[1], binned.shape[1], level_count, bins)


def _cell_index(levels: Bins, level_count: int, binned: Bins, bins: int) -> tuple[Bins, int]:
    attributes, dimensions = levels.shape[1], binned.shape[1]
    size = attributes * dimensions * level_count * bins
    rows = levels * bins + np.arange(attributes) * (dimensions * level_count * bins)
    columns = binned + np.arange(dimensions) * (level_count * bins)
    return rows[:, :, None] + columns[:, None, :], size


def resampled_uncertainty(levels: Bins, level_count: int, binned: Bins, bins: int, draws: Bins) -> Floats:
    """Returns plug-in uncertainty coefficients (resamples, k, d) of the images in each row of draws (resamples, n)."""
    n, attributes, dimensions = draws.shape[1], levels.shape[1], binned.shape[1]
    index, size = _cell_index(levels, level_count, binned, bins)
    cells = index.reshape(len(levels), -1)
    table = n_log_n(n)
    resampled = np.empty((len(draws), attributes, dimensions))
    for r, rows in enumerate(draws):
        counts = np.bincount(cells[rows].reshape(-1), minlength=size)
        tables = counts.reshape(attributes, dimensions, level_count, bins)
        joint = table[tables].reshape(attributes, dimensions, -1).sum(axis=-1)
        of_level = table[tables[:, 0].sum(axis=-1)].sum(axis=-1)[:, None]
        of_bin = table[tables[0].sum(axis=-2)].sum(axis=-1)[None, :]
        entropy = np.log(n) - of_level / n
        information = np.log(n) + (joint - of_level - of_bin) / n
        resampled[r] = np.divide(information, entropy, out=np.zeros_like(information), where=entropy > 1e-12)
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
    """Returns I(row; column) / H(row) of tables (..., rows, columns): the share of the row variable told.

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
    levels: Bins, level_count: int, binned: Bins, bins: int, permutations: int, rng: np.random.Generator
) -> Floats:
    """Returns plug-in information (permutations + 1, k, d); row 0 is the data, the others shuffled images.

    One shuffle serves all cells, so the dependence between cells is kept. Shuffling leaves both margins as
    they are; only the sum of c log c over the joint cells has to be computed again.
    """
    n, attributes, dimensions = len(levels), levels.shape[1], binned.shape[1]
    _, size = _cell_index(levels[:1], level_count, binned[:1], bins)
    rows = levels * bins + np.arange(attributes) * (dimensions * level_count * bins)
    columns = np.ascontiguousarray((binned + np.arange(dimensions) * (level_count * bins)).T)
    table = n_log_n(n)
    index = np.empty((attributes, dimensions, n), dtype=np.int64)
    sums = np.empty((permutations + 1, attributes, dimensions))
    for p in range(permutations + 1):
        shuffled = rows if p == 0 else rows[rng.permutation(n)]
        np.add(np.ascontiguousarray(shuffled.T)[:, None, :], columns[None], out=index)
        counts = np.bincount(index.reshape(-1), minlength=size)
        sums[p] = table[counts].reshape(attributes, dimensions, -1).sum(axis=-1)
    row_sums = np.stack([table[np.bincount(levels[:, k])].sum() for k in range(attributes)])
    column_sums = np.stack([table[np.bincount(binned[:, j])].sum() for j in range(dimensions)])
    return (sums - row_sums[:, None] - column_sums[None, :]) / n + np.log(n)
