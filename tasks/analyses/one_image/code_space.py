"""Distances in a space of codes: Mahalanobis, by the covariance of held-out codes, and how far out these lie."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Of the largest variance: a direction with less does not vary.
_MIN_VARIANCE = 1e-8


@dataclass(frozen=True)
class CodeSpace:
    """A space of codes of d dimensions, of which r directions vary.

    mean: (d,). spread: (d, r); `mean + spread @ u` is a code at the distance |u|. inverse: (r, d), its pseudo-inverse.
    limit: the distance from the mean within which moves stay.
    """

    mean: Floats
    spread: Floats
    inverse: Floats
    limit: float

    def distances(self, codes: NDArray[np.floating]) -> Floats:
        """Returns (n,) Mahalanobis distances of codes (n, d) from the mean."""
        return np.asarray(np.linalg.norm((codes.astype(np.float64) - self.mean) @ self.inverse.T, axis=1))

    def within(self, basis: Floats) -> Floats:
        """Returns (d, k) steps along the span of `basis` (d, k) whose coefficients' norm is the distance.

        Directions in which codes do not vary have no distance, and are left out.
        """
        inner = self.inverse @ basis
        left, singular, _ = np.linalg.svd(inner, full_matrices=False)
        kept = singular > 1e-9 * max(float(singular.max(initial=0.0)), 1e-300)
        return np.asarray(self.spread @ left[:, kept])


def code_space(
    fit: NDArray[np.floating], held_out: NDArray[np.floating], used: NDArray[np.bool_], quantile: float
) -> CodeSpace:
    """Returns the space of codes fit (n, d), whose limit is a quantile of the distances of held-out codes (m, d).

    used: (d,); dimensions that the decoder does not use are not moved.
    """
    exact = fit.astype(np.float64)
    mean = exact.mean(axis=0)
    centred = (exact - mean) * used
    values, vectors = np.linalg.eigh(centred.T @ centred / max(len(exact) - 1, 1))
    kept = values > _MIN_VARIANCE * max(float(values.max(initial=0.0)), 1e-300)
    deviations = np.sqrt(values[kept])
    spread = vectors[:, kept] * deviations
    space = CodeSpace(mean, spread, (vectors[:, kept] / deviations).T, np.inf)
    limit = float(np.quantile(space.distances(held_out), quantile))
    return CodeSpace(mean, spread, space.inverse, limit)
