"""LEACE (Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form", theorem 4.3).

Of all affine maps after which no linear reader with a convex loss tells more of an attribute than a constant does, the
one that changes codes least in expected square.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Latents = NDArray[np.float32]
# A direction of the code with less than this share of the largest variance has none.
_LIVE = 1e-10
# A whitened covariance with the attribute is that of rounding below this, in standard deviations of both.
_RELATED = 1e-6


@dataclass(frozen=True)
class Eraser:
    """The affine map x - P (x - mean) of codes: mean (d,), P (d, d); rank: how many directions it takes out."""

    mean: Floats
    taken_out: Floats
    rank: int

    def apply(self, codes: NDArray[np.floating]) -> Latents:
        """Returns codes (n, d) without what can be read linearly, float32 (n, d)."""
        exact = np.asarray(codes, dtype=np.float64)
        return np.asarray(exact - (exact - self.mean) @ self.taken_out.T, dtype=np.float32)


def fit_eraser(codes: NDArray[np.floating], targets: Floats) -> Eraser:
    """Returns the eraser of targets (n, c) from codes (n, d), fitted on both; a target that is constant takes nothing.

    With W the pseudo-inverse of the square root of the codes' covariance, and S their covariance with the targets, P
    is pinv(W) U U' W, where the columns of U are an orthonormal basis of W S (equation 7).

    Raises:
        ValueError: codes and targets are not of the same images, or of fewer than two.
    """
    exact = np.asarray(codes, dtype=np.float64)
    if exact.ndim != 2 or targets.ndim != 2 or len(exact) != len(targets) or len(exact) < 2:
        raise ValueError(
            f"an eraser is fitted on codes (n, d) and targets (n, c) of at least 2 images, got {exact.shape} and "
            f"{targets.shape}"
        )
    mean = exact.mean(axis=0)
    centred, spread = exact - mean, targets - targets.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(exact))
    live = variances > _LIVE * max(float(variances[-1]), 0.0)
    scales, directions = np.sqrt(variances[live]), directions[:, live]
    whitened = (directions / scales).T @ (centred.T @ spread / len(exact))
    basis, sizes, _ = np.linalg.svd(whitened, full_matrices=False)
    basis = basis[:, sizes > _RELATED * np.sqrt((spread**2).mean(axis=0).sum())]
    taken_out = (directions * scales) @ basis @ basis.T @ (directions / scales).T
    return Eraser(mean, taken_out, basis.shape[1])
