"""Mixture of probabilistic PCA (Tipping & Bishop 1999, "Mixtures of probabilistic principal component analysers").

The variance of the pixels is given, not fitted: it is that of the model beside which the mixture stands, so that both
have the same distribution of pixels given the code.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

Floats = NDArray[np.float64]
# Images that belong to a component by less than this are left out of its principal components.
_SMALLEST_SHARE = 1e-6


@dataclass(frozen=True)
class GaussianMixture:
    """Component k is normal with mean means[k] (p,) and covariance U diag(variances[k] - noise) U^T + noise * I.

    log_weights: (K,). axes: (K, q, p), orthonormal rows U^T. variances: (K, q), each at least `noise`, the variance of
    a pixel.
    """

    log_weights: Floats
    means: Floats
    axes: Floats
    variances: Floats
    noise: float

    @classmethod
    def fitted(cls, images: Floats, shares: Floats, dimensions: int, noise: float) -> "GaussianMixture":
        """Returns the maximum of the expected likelihood, for images (n, p) and their shares (n, K) of components."""
        count, pixels = shares.shape[1], images.shape[1]
        totals = np.maximum(shares.sum(axis=0), 1e-9)
        means = (shares.T @ images) / totals[:, None]
        axes, variances = np.zeros((count, dimensions, pixels)), np.full((count, dimensions), noise)
        for k in range(count):
            rows = np.flatnonzero(shares[:, k] > _SMALLEST_SHARE)
            kept = min(dimensions, len(rows), pixels)
            if not kept:
                continue
            weighted = (images[rows] - means[k]) * np.sqrt(shares[rows, k] / totals[k])[:, None]
            _, scales, found = randomized_svd(weighted, kept, n_iter=4, random_state=0)
            axes[k, :kept] = found
            variances[k, :kept] = np.maximum(scales**2, noise)
        return cls(np.log(totals / totals.sum()), means, axes, variances, noise)

    def log_joint(self, images: Floats) -> Floats:
        """Returns (n, K): log weight of each component plus its log density, in nats, of images (n, p)."""
        pixels, inside = images.shape[1], self.variances.shape[1]
        found = np.empty((len(images), len(self.log_weights)))
        for k, (mean, axes, variances) in enumerate(zip(self.means, self.axes, self.variances, strict=True)):
            off = images - mean
            along = np.square(off @ axes.T)
            beside = np.square(off).sum(axis=1) - along.sum(axis=1)
            constant = pixels * np.log(2 * np.pi) + np.log(variances).sum()
            constant += (pixels - inside) * np.log(self.noise)
            found[:, k] = -0.5 * (constant + (along / variances).sum(axis=1) + beside / self.noise)
        return found + self.log_weights
