"""MIG and modularity: scores of a table of mutual information, with disentanglement_lib's estimator.

MIG: Chen et al. 2018, "Isolating sources of disentanglement in VAEs". Modularity: Ridgeway and Mozer 2018,
"Learning deep disentangled embeddings with the F-statistic loss".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.joint_counts import attribute_blocks
from latent_audit.tasks.analyses.statistics.mutual_information import entropy_nats, information_nats
from latent_audit.vocabulary.batches import batches

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# The number of equal-width bins that published values rest on.
HISTOGRAM_BINS = 20
_ROWS_BATCH_SIZE = 1 << 16
# Joint levels of factors that are counted together: more do not fit a fast cache with all their bins.
_CELLS = 2048


@dataclass(frozen=True)
class Mig:
    """Mean over factors of (largest - second information) / H(factor), 0 to 1, and the gap of each factor."""

    score: float
    gaps: Floats
    information_nats: Floats  # (d, k)


@dataclass(frozen=True)
class Modularity:
    """Mean modularity over dimensions, 0 to 1, and that of each; 0 for a dimension without information."""

    score: float
    per_dimension: Floats


def mig(codes: NDArray[np.floating], factors: NDArray[np.integer], bins: int = HISTOGRAM_BINS) -> Mig:
    """Returns the mutual information gap (Chen et al. 2018, equation 6) of codes and factors.

    With one dimension the second information is 0. Constant factors have no entropy and are left out.

    Args:
        codes: array (n, d), one code a row.
        factors: whole numbers (n, k), the level of each factor.
        bins: equal-width bins of each dimension.

    Returns:
        The score, 0 to 1, and the gap of each factor.

    Raises:
        IndexError: codes or factors are not two-dimensional.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> round(mig(codes, factors).score, 2)
        0.99
        >>> round(mig(codes @ [[1, 1], [1, -1]], factors).score, 1)  # turned by 45 degrees
        0.0
    """
    tables = _factor_tables(codes, factors, bins)
    information = _information_of_tables(tables)
    entropies = np.array([entropy_nats(table[0].sum(axis=1)) for table in tables])
    ranked = np.sort(np.vstack([information, np.zeros(factors.shape[1])]), axis=0)[::-1]
    varied = entropies > 0.0
    gaps = np.divide(ranked[0] - ranked[1], entropies, out=np.zeros_like(entropies), where=varied)
    return Mig(float(gaps[varied].mean()) if varied.any() else 0.0, gaps, information)


def modularity(
    codes: NDArray[np.floating], factors: NDArray[np.integer], bins: int = HISTOGRAM_BINS
) -> Modularity:
    """Returns the modularity (Ridgeway and Mozer 2018, equation 2): whether a dimension tells of one factor alone.

    Args:
        codes: array (n, d), one code a row.
        factors: whole numbers (n, k), the level of each factor.
        bins: equal-width bins of each dimension.

    Returns:
        The score, 0 to 1, and that of each dimension; 0 for a dimension without information.

    Raises:
        IndexError: codes or factors are not two-dimensional.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> round(modularity(codes, factors).score, 2)
        1.0
    """
    return modularity_of_information(factor_information_nats(codes, factors, bins))


def modularity_of_information(information: Floats) -> Modularity:
    """Returns the modularity of an information matrix (d, k): 1 - (others' squares) / (largest square (k-1))."""
    squares = np.square(information)
    largest = squares.max(axis=1)
    others = squares.sum(axis=1) - largest
    room = largest * (squares.shape[1] - 1.0)
    share = np.divide(others, room, out=np.zeros_like(others), where=room > 0.0)
    per_dimension = np.where(largest > 0.0, 1.0 - share, 0.0)
    return Modularity(float(per_dimension.mean()), per_dimension)


def factor_information_nats(
    codes: NDArray[np.floating], factors: NDArray[np.integer], bins: int = HISTOGRAM_BINS
) -> Floats:
    """Returns plug-in information (d, k) between equal-width bins of codes (n, d) and factors (n, k)."""
    return _information_of_tables(_factor_tables(codes, factors, bins))


def _information_of_tables(tables: list[Bins]) -> Floats:
    information = np.stack([information_nats(table, corrected=False) for table in tables], axis=1)
    return np.maximum(information, 0.0)


def _factor_tables(codes: NDArray[np.floating], factors: NDArray[np.integer], bins: int) -> list[Bins]:
    """Returns counts (d, levels, bins) of each factor.

    Factors with few joint levels are counted together and summed out after: memory traffic, not
    arithmetic, is what a million images cost. For the same reason columns are made contiguous first.
    """
    levelled: Bins = np.asarray(factors, dtype=np.int64, order="F")
    levels = [int(column.max()) + 1 for column in levelled.T]
    blocks = attribute_blocks(levels, 1, _CELLS)
    sizes = [[levels[k] for k in block] for block in blocks]
    joint = [_joint_levels(levelled, block, levels, bins) for block in blocks]
    counts = [np.zeros((codes.shape[1], int(np.prod(size)) * bins), dtype=np.int64) for size in sizes]
    for j in range(codes.shape[1]):
        column = np.ascontiguousarray(codes[:, j])
        edges = _edges(column, bins)
        for rows in batches(len(column), _ROWS_BATCH_SIZE):
            binned = _bins_between(edges, column[rows])
            for index, found in zip(joint, counts, strict=True):
                found[j] += np.bincount(index[rows] + binned, minlength=found.shape[1])
    tables = []
    for size, found in zip(sizes, counts, strict=True):
        of_block = found.reshape(-1, *size, bins)
        for place in range(len(size)):
            others = tuple(1 + axis for axis in range(len(size)) if axis != place)
            tables.append(of_block.sum(axis=others))
    return tables


def _joint_levels(factors: Bins, block: list[int], levels: list[int], bins: int) -> Bins:
    index = factors[:, block[0]].copy()
    for k in block[1:]:
        index *= levels[k]
        index += factors[:, k]
    index *= bins
    return index


def histogram_bins(values: NDArray[np.floating], bins: int = HISTOGRAM_BINS) -> Bins:
    """Returns equal-width bin numbers (n,), 0 to bins - 1, exactly as np.digitize on np.histogram's edges."""
    return _bins_between(_edges(values, bins), values)


def _edges(values: NDArray[np.floating], bins: int) -> NDArray[np.floating]:
    """Returns np.histogram's edges (bins + 1,); all the same where all values are."""
    ends = np.array([values.min(), values.max()])
    return np.full(bins + 1, ends[0]) if ends[0] == ends[1] else np.histogram_bin_edges(ends, bins)


def _bins_between(edges: NDArray[np.floating], values: NDArray[np.floating]) -> Bins:
    bins, low, high = len(edges) - 1, edges[0], edges[-1]
    if low == high:
        return np.zeros(len(values), dtype=np.int64)
    place = values - low
    place *= bins / (high - low)
    np.minimum(place, bins - 1, out=place)
    index = place.astype(np.int64)
    # Rounding may put a value beside an edge into the neighbouring bin; the edges themselves decide. The last bin holds
    # its upper edge. Both edges are looked up into memory that is at hand: a column of a million images is long.
    ends = np.append(edges[1:-1], np.inf).astype(edges.dtype)
    below = values < edges.take(index, out=place, mode="clip")
    above = values >= ends.take(index, out=place, mode="clip")
    index += above.view(np.int8) - below.view(np.int8)
    return index
