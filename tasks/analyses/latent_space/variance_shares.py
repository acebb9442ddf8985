"""What groups of inputs do to pictures, alone and together with others: generalised Sobol indices.

Gamboa et al. 2014 (Electronic Journal of Statistics 8): Sobol's indices of an output with many components, variances
summed over components, here over pixels. The groups are drawn apart from each other; inside a group anything may depend
on anything, so the attributes of a data set are one group. Indices of single attributes, which are not independent,
are not defined.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights

# The inputs of n pictures: the columns (n, c) of each group.
Draw = Mapping[str, NDArray[np.float32]]
SOURCE = "bootstrap over pairs of draws"


@dataclass(frozen=True)
class VarianceShare:
    """A group's shares of the variance of pictures, summed over pixels.

    total: what is lost where the group is held (all that it takes part in, which overlaps with other groups); alone:
    what is left where all others are averaged over (first order). Both are 0 of a group that does nothing and equal
    for one without interplay. columns: of the group.
    """

    group: str
    columns: int
    total: Estimate
    alone: Estimate


def compute(
    first: Draw,
    second: Draw,
    draw_pictures: Callable[[Draw], NDArray[np.floating]],
    rng: np.random.Generator,
    resamples: int = 500,
) -> tuple[VarianceShare, ...]:
    """Returns the shares of every group that has columns.

    first, second: two independent draws of all groups, n rows each. draw_pictures: inputs -> pictures (n, ...). Every
    group is exchanged between the two draws, both ways: 2 + 2 * groups pictures a row. Estimators: Azzini, Mara and
    Rosati 2020, whose errors are small near 0 and near 1; a share of 0 can be estimated a little below 0. Raises
    ValueError where the pictures do not vary.
    """
    groups = [name for name, columns in first.items() if columns.shape[1]]
    one, other = _flat(draw_pictures(first)), _flat(draw_pictures(second))
    rows = len(one)
    weights = np.concatenate([np.ones((1, rows)), image_weights(rows, resamples, rng)])
    between = _products(one - other, one - other)
    if not between.any():
        raise ValueError("the pictures do not vary, so that there is no variance to share out")
    found = []
    for name in groups:
        # Each keeps its own inputs but for the group, which is the other's.
        changed = _flat(draw_pictures({**first, name: second[name]}))
        other_changed = _flat(draw_pictures({**second, name: first[name]}))
        by_group, by_group_too = one - changed, other_changed - other
        scale = weights @ (between + _products(other_changed - changed, other_changed - changed))
        total = _products(by_group, by_group) + _products(by_group_too, by_group_too)
        totals, alone = (
            weights @ products / scale for products in (total, 2 * _products(by_group, by_group_too))
        )
        found.append(
            VarianceShare(
                name,
                first[name].shape[1],
                from_samples(totals[0], totals[1:], rows, SOURCE),
                from_samples(alone[0], alone[1:], rows, SOURCE),
            )
        )
    return tuple(found)


def _flat(pictures: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(pictures, dtype=np.float64).reshape(len(pictures), -1)


def _products(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the inner product (n,) of each row of one with that of the other."""
    return np.asarray(np.einsum("np,np->n", one, other))
