"""MIG and modularity: scores of a table of mutual information, with disentanglement_lib's estimator.

MIG: Chen et al. 2018, "Isolating sources of disentanglement in VAEs". Modularity: Ridgeway and Mozer 2018,
"Learning deep disentangled embeddings with the F-statistic loss".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.analyses.joint_counts import attribute_blocks
from tasks.analyses.mutual_information import entropy_nats, information_nats

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# The number of equal-width bins that published values rest on.
HISTOGRAM_BINS = 20
_ROWS_AT_ONCE = 1 << 16
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
    """Returns the mutual information gap of codes (n, d) and integer factors (n, k).

    With one dimension the second information is 0. Constant factors have no entropy and are left out.
    """
    information = factor_information_nats(codes, factors, bins)
    entropies = np.array([entropy_nats(np.bincount(factors[:, k])) for k in range(factors.shape[1])])
    ranked = np.sort(np.vstack([information, np.zeros(factors.shape[1])]), axis=0)[::-1]
    varied = entropies > 0.0
    gaps = np.divide(ranked[0] - ranked[1], entropies, out=np.zeros_like(entropies), where=varied)
    return Mig(float(gaps[varied].mean()) if varied.any() else 0.0, gaps, information)


def modularity(
    codes: NDArray[np.floating], factors: NDArray[np.integer], bins: int = HISTOGRAM_BINS
) -> Modularity:
    """Returns the modularity of codes (n, d) and integer factors (n, k)."""
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
    """Returns plug-in information (d, k) between equal-width bins of codes (n, d) and factors (n, k).

    Factors with few joint levels are counted together and summed out after: memory traffic, not
    arithmetic, is what a million images cost.
    """
    dimensions, factor_count = codes.shape[1], factors.shape[1]
    levels = factors.max(axis=0).astype(np.int64) + 1
    blocks = attribute_blocks(levels.tolist(), 1, _CELLS)
    joint = [_joint_levels(factors, block, levels, bins) for block in blocks]
    information = np.zeros((dimensions, factor_count))
    for j in range(dimensions):
        binned = histogram_bins(np.ascontiguousarray(codes[:, j]), bins)
        for block, index in zip(blocks, joint, strict=True):
            shape = [*(int(levels[k]) for k in block), bins]
            counts = np.zeros(int(np.prod(shape)), dtype=np.int64)
            for start in range(0, len(binned), _ROWS_AT_ONCE):
                rows = slice(start, start + _ROWS_AT_ONCE)
                counts += np.bincount(index[rows] + binned[rows], minlength=len(counts))
            table = counts.reshape(shape)
            for place, k in enumerate(block):
                rest = tuple(axis for axis in range(len(block)) if axis != place)
                information[j, k] = max(float(information_nats(table.sum(axis=rest), False)), 0.0)
    return information


def _joint_levels(factors: NDArray[np.integer], block: list[int], levels: Bins, bins: int) -> Bins:
    index = factors[:, block[0]].astype(np.int64)
    for k in block[1:]:
        index = index * int(levels[k]) + factors[:, k]
    return index * bins


def histogram_bins(values: NDArray[np.floating], bins: int = HISTOGRAM_BINS) -> Bins:
    """Returns equal-width bin numbers (n,), 0 to bins - 1, exactly as np.digitize on np.histogram's edges."""
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros(len(values), dtype=np.int64)
    edges = np.histogram_bin_edges(values, bins)
    index = ((values - low) * (bins / (high - low))).astype(np.int64)
    np.clip(index, 0, bins - 1, out=index)
    # Rounding may put a value beside an edge into the neighbouring bin; the edges themselves decide.
    index -= values < edges[index]
    index += (values >= edges[index + 1]) & (index < bins - 1)
    return index
