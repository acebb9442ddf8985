"""Mixture of independent Bernoulli pixels: what a model with Bernoulli pixels is held against."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BernoulliMixture:
    """In component k pixel j is white with probability means[k, j]; grey pixels are probabilities (cross-entropy), as
    in the model. log_weights: (K,).
    """

    log_weights: Floats
    means: Floats

    @classmethod
    def fitted(cls, images: Floats, shares: Floats) -> "BernoulliMixture":
        """Returns the components of images (n, p) with shares (n, K) of each, with half an image of either colour more,
        so that no pixel is impossible.
        """
        totals = shares.sum(axis=0)
        means = (shares.T @ images + 0.5) / (totals + 1.0)[:, None]
        return cls(np.log(np.maximum(totals, 1e-9) / totals.sum()), means)

    def log_joint(self, images: Floats) -> Floats:
        """Returns (n, K): log weight of each component plus log-likelihood, in nats, of images (n, p)."""
        white, black = np.log(self.means), np.log1p(-self.means)
        return images @ (white - black).T + black.sum(axis=1) + self.log_weights
