"""Codes in standard deviations of probe_fit, so that no unit of a dimension decides what a reader weighs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Of the largest magnitude of a dimension: less is rounding of float32, not variation.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation (d,) of each dimension, and which dimensions vary: bool (d,)."""

    mean: Floats
    spread: Floats
    varies: NDArray[np.bool_]

    @property
    def live(self) -> NDArray[np.int64]:
        """The dimensions that vary."""
        return np.flatnonzero(self.varies)

    def apply(self, codes: NDArray[np.floating]) -> Floats:
        """Returns the dimensions that vary, (n, live), standardised."""
        live = self.live
        return np.asarray((codes[:, live].astype(np.float64) - self.mean[live]) / self.spread[live])


def fit_scaling(codes: NDArray[np.floating]) -> Scaling:
    """Returns the scaling of codes (n, d)."""
    exact = codes.astype(np.float64)
    mean, spread = exact.mean(axis=0), exact.std(axis=0)
    varies = spread > _ROUNDING * np.maximum(np.abs(exact).max(axis=0, initial=0.0), 1e-30)
    return Scaling(mean, np.where(varies, spread, 1.0), varies)
