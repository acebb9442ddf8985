"""DIP-VAE: keeps the codes' covariance near the identity (Kumar et al. 2018, "Variational inference of
disentangled latent concepts from unlabeled observations").
"""

from typing import Literal

import torch
from torch import Tensor

from latent_audit.vae_models.components.regularisers import Encoded, WeightedKl
from latent_audit.vae_models.model import Posterior

Moments = Literal["means", "samples"]


def code_covariance(posterior: Posterior, of: Moments) -> Tensor:
    """Returns (d, d) the batch's covariance of posterior means (DIP-I), or of samples in expectation (DIP-II)."""
    off = posterior.mean - posterior.mean.mean(0)
    covariance = off.T @ off / len(off)
    if of == "samples":
        covariance = covariance + torch.diag(posterior.log_variance.exp().mean(0))
    return covariance


class MomentMatching:
    """KL + off_diagonal * sum of squared covariances + diagonal * sum of squared (variance - 1)."""

    needs_density = True
    asks_for_independence = True

    def __init__(self, of: Moments, off_diagonal: float, diagonal: float, warm_up_steps: int) -> None:
        self.of = of
        self.off_diagonal, self.diagonal = off_diagonal, diagonal
        self._kl = WeightedKl(1.0, warm_up_steps)
        self.settles_at = warm_up_steps

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) nats; the moments' part is the batch's, the same for every image."""
        covariance = code_covariance(encoded.posterior, self.of)
        variances = covariance.diagonal()
        others = covariance - torch.diag(variances)
        moments = self.off_diagonal * others.square().sum()
        moments = moments + self.diagonal * (variances - 1).square().sum()
        return self._kl.penalty(encoded, step) + self._kl.weight(step) * moments
