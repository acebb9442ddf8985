"""Trustworthiness and continuity of a projection.

Venna & Kaski 2001, "Neighborhood preservation in nonlinear projection methods": a projection can err in two
ways, by showing distant points as neighbours (trustworthiness) or by separating neighbours (continuity).
"""

import numpy as np
from numpy.typing import NDArray


def neighbour_ranks(points: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.int32]:
    """Returns ranks (n, n): entry [i, j] is 1 for i's nearest other point, n - 1 for the farthest, 0 for i.

    points: (n, d). Euclidean distance; equal distances come in random order, another one for each point, so that
    neighbours among tied points do not depend on the order of the rows.
    """
    distances = _squared_distances(points.astype(np.float64))
    np.fill_diagonal(distances, -1.0)
    order = np.lexsort((rng.random(distances.shape), distances), axis=1)
    ranks = np.empty(order.shape, dtype=np.int32)
    np.put_along_axis(ranks, order, np.arange(len(points), dtype=np.int32)[None, :], axis=1)
    return ranks


def trustworthiness(
    original_ranks: NDArray[np.int32], picture_ranks: NDArray[np.int32], neighbours: int = 10
) -> float:
    """Returns trustworthiness in [0, 1]: 1 when all neighbours in the picture are neighbours originally.

    Both arguments come from `neighbour_ranks` of the same n points; exchange them and the answer is
    continuity. Needs neighbours < n / 2, so that the penalty of Venna & Kaski (equation 1) is normed.
    """
    n = len(original_ranks)
    if not 0 < neighbours < n / 2:
        raise ValueError(
            f"neighbours must be at least 1 and less than half of the {n} points, got {neighbours}"
        )
    shown = (picture_ranks >= 1) & (picture_ranks <= neighbours)
    penalty = np.maximum(original_ranks[shown] - neighbours, 0).sum(dtype=np.int64)
    return float(1.0 - penalty * 2.0 / (n * neighbours * (2.0 * n - 3.0 * neighbours - 1.0)))


def continuity(
    original_ranks: NDArray[np.int32], picture_ranks: NDArray[np.int32], neighbours: int = 10
) -> float:
    """Returns continuity in [0, 1]: 1 when all original neighbours are still neighbours in the picture."""
    return trustworthiness(picture_ranks, original_ranks, neighbours)


def _squared_distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns (n, n) squared Euclidean distances, exact zeros for equal rows, one dimension at a time."""
    total = np.zeros((len(points), len(points)))
    for column in points.T:
        total += np.subtract.outer(column, column) ** 2
    return total
