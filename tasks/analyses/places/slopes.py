"""How far a reading of a swapped code follows the donor's label, and how far the base's.

A least-squares fit of the reading on both labels, with a constant for each column and one slope over all columns of
an attribute.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MIN_SHARE = 1e-9  # of the product of variances: below it two labels are one


class LabelSlopes:
    """Slopes on the labels of pairs, for the data and every resample at once.

    base, donor: label columns (n, c) of all attributes, NaN where there is none: of an attribute those pairs count in
    which both have one. columns: those of each attribute. weights: (rows, n) how often each pair counts.
    """

    def __init__(
        self, base: Floats, donor: Floats, columns: Sequence[Sequence[int]], weights: Floats
    ) -> None:
        self._known = np.asarray(~(np.isnan(base) | np.isnan(donor)), np.float64)
        base, donor = (np.nan_to_num(labels, nan=0.0) for labels in (base, donor))
        self._base, self._donor = base, donor
        self._columns, self._weights = columns, weights
        # Whole numbers, so that the sums are exact.
        self._total = weights @ self._known
        self._mean_base, self._mean_donor = self._mean(base), self._mean(donor)
        self._bb = self._summed(self._mean(base**2) - self._mean_base**2)
        self._dd = self._summed(self._mean(donor**2) - self._mean_donor**2)
        self._bd = self._summed(self._mean(base * donor) - self._mean_base * self._mean_donor)

    def partial(self, responses: Floats) -> tuple[Floats, Floats]:
        """Returns slopes (rows, k) of readings (n, c) on the donor's label and on the base's, in one fit."""
        with_base, with_donor = self._covariances(responses)
        determinant = self._bb * self._dd - self._bd**2
        known = determinant > _MIN_SHARE * self._bb * self._dd
        safe = np.where(known, determinant, np.nan)
        return (
            (with_donor * self._bb - with_base * self._bd) / safe,
            (with_base * self._dd - with_donor * self._bd) / safe,
        )

    def of_base(self, responses: Floats) -> Floats:
        """Returns slopes (rows, k) of readings of bases on their own labels."""
        return np.asarray(self._covariances(responses)[0] / np.where(self._bb > 0.0, self._bb, np.nan))

    def of_donor(self, responses: Floats) -> Floats:
        """Returns slopes (rows, k) of readings of donors on their own labels."""
        return np.asarray(self._covariances(responses)[1] / np.where(self._dd > 0.0, self._dd, np.nan))

    def _covariances(self, responses: Floats) -> tuple[Floats, Floats]:
        mean = self._mean(responses)
        return (
            self._summed(self._mean(responses * self._base) - mean * self._mean_base),
            self._summed(self._mean(responses * self._donor) - mean * self._mean_donor),
        )

    def _mean(self, values: Floats) -> Floats:
        return np.asarray(self._weights @ (values * self._known) / np.maximum(self._total, 1.0))

    def _summed(self, by_column: Floats) -> Floats:
        return np.stack([by_column[:, list(columns)].sum(axis=1) for columns in self._columns], axis=1)


def permuted_donor_slopes(
    responses: Sequence[Floats], base: Floats, donor: Floats, orders: NDArray[np.int64]
) -> Floats:
    """Returns slopes (permutations, swaps) on the donor's label after donors change places among the pairs.

    responses: readings (n, c) of one attribute after several swaps. base: its labels (n, c). donor: labels (m, c) of
    all pairs. orders: (permutations, n) numbers of pairs, each row in another order.
    """
    centred = [response - response.mean(axis=0) for response in responses]
    b, d = base - base.mean(axis=0), donor - donor[orders[0]].mean(axis=0)
    flat = np.stack([*(r.ravel() for r in centred), b.ravel()], axis=1)
    products = np.stack([d[order].ravel() for order in orders]) @ flat
    with_donor, bd = products[:, :-1], products[:, -1:]
    with_base = np.array([float((r * b).sum()) for r in centred])
    bb, dd = float((b**2).sum()), float((d[orders[0]] ** 2).sum())
    determinant = bb * dd - bd**2
    safe = np.where(determinant > _MIN_SHARE * max(bb * dd, 1e-300), determinant, np.inf)
    return np.asarray((with_donor * bb - with_base * bd) / safe)
