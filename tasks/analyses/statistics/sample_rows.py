"""Draws samples of rows; no analysis takes the first rows, because data may be ordered.

Each draw is determined by a seed and the name of its purpose: samples for different purposes are independent.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Rows = NDArray[np.int64]


def draw_rows(
    available: int,
    most: int,
    seed: int,
    purpose: str,
    *,
    strata: NDArray[np.generic] | None = None,
    classes: NDArray[np.generic] | None = None,
) -> Rows:
    """Return the row numbers, ascending, of a random sample without replacement.

    All `available` rows are returned if `most` is not smaller. strata: (available,) a group for each row; each
    group keeps its share of the sample to within one row. classes: (available, k) labels in k columns; each label
    of each column gets at least one row, as far as `most` rows can hold them all. Give one of the two, or neither
    for a simple random sample.
    """
    if most < 1:
        raise ValueError(f"a sample must have at least one row, got {most} for {purpose}")
    if most >= available:
        return np.arange(available, dtype=np.int64)
    generator = _generator(seed, purpose)
    if strata is not None:
        return _proportional(strata, most, generator)
    chosen = np.zeros(available, dtype=bool)
    chosen[generator.choice(available, most, replace=False)] = True
    if classes is not None:
        _include_every_class(chosen, _labels(classes), generator, exclude_too=False)
    return np.flatnonzero(chosen)


def hold_out(
    available: int, share: float, seed: int, purpose: str, classes: NDArray[np.generic] | None = None
) -> tuple[Rows, Rows]:
    """Return the row numbers, ascending, of what is kept and of what is held out, at least one row each.

    The held-out rows are a random sample of `share` of all rows. classes: (available, k) labels in k columns; each
    label of each column stays among the rows that are kept, and is held out as well where it has two rows or more.
    """
    if available < 2:
        raise ValueError(f"at least two rows are needed to hold one out, got {available} for {purpose}")
    count = min(max(int(share * available), 1), available - 1)
    generator = _generator(seed, purpose)
    chosen = np.zeros(available, dtype=bool)
    chosen[generator.choice(available, count, replace=False)] = True
    if classes is not None:
        _include_every_class(chosen, _labels(classes), generator, exclude_too=True)
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def class_columns(attributes: Sequence[Attribute], values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the columns (n, k) of the binary and categorical attributes, None where there are none."""
    columns = [place for place, a in enumerate(attributes) if a.kind in ("binary", "categorical")]
    return values[:, columns] if columns else None


def _generator(seed: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng([seed, *purpose.encode()])


def _labels(classes: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return (n, k) labels counted from 0 in each column."""
    columns = classes.reshape(len(classes), -1).T
    return np.stack([np.unique(column, return_inverse=True)[1] for column in columns], axis=1)


def _proportional(strata: NDArray[np.generic], count: int, generator: np.random.Generator) -> Rows:
    """Places that rounding leaves over go to the strata with the largest remainders."""
    _, group, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    exact = sizes * (count / len(strata))
    quota = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(-(exact - quota), kind="stable")
    left_over = count - int(quota.sum())
    quota[by_remainder] += np.arange(len(quota)) < left_over
    chosen = [
        generator.choice(np.flatnonzero(group == place), size=share, replace=False)
        for place, share in enumerate(quota)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _include_every_class(
    chosen: NDArray[np.bool_], labels: NDArray[np.int64], generator: np.random.Generator, exclude_too: bool
) -> None:
    """Exchange rows, in place, until each label of each column is chosen; and left out too, if `exclude_too`.

    The number of chosen rows stays. A label whose only exchange would cost another label its last row is left as it
    is; with `exclude_too`, a label of a single row is left out.
    """
    # What one column exchanges can cost another its label: a second pass finds it.
    for column in [*labels.T, *labels.T]:
        sizes, inside = np.bincount(column), np.bincount(column[chosen], minlength=int(column.max()) + 1)
        for label in np.flatnonzero((inside == 0) & (sizes > int(exclude_too))):
            _exchange(chosen, chosen, column == label, labels, generator, keep_giver=exclude_too)
        for label in np.flatnonzero(inside == sizes) if exclude_too else ():
            _exchange(~chosen, chosen, column == label, labels, generator, keep_giver=False)


def _exchange(
    taker: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
    members: NDArray[np.bool_],
    labels: NDArray[np.int64],
    generator: np.random.Generator,
    keep_giver: bool,
) -> None:
    """Give `taker` one of the rows in `members`, for one whose labels it has more than once.

    keep_giver: whether the other side must keep a row of each label.
    """
    candidates = members & _repeated(~taker, labels)
    if not keep_giver and not candidates.any():
        candidates = members & ~taker
    returned = _repeated(taker, labels)
    if candidates.any() and returned.any():
        for side in (candidates, returned):
            row = generator.choice(np.flatnonzero(side))
            chosen[row] = ~chosen[row]


def _repeated(side: NDArray[np.bool_], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows of a side have no label that occurs only once on that side."""
    found = side.copy()
    for column in labels.T:
        found &= np.bincount(column[side], minlength=int(column.max()) + 1)[column] > 1
    return found
