"""Total correlation: the dependence of dimensions, KL(q(z) || prod_d q(z_d)), estimated in a batch
(Chen et al. 2018, "Isolating sources of disentanglement in VAEs").
"""

import math

from torch import Tensor

from latent_audit.vae_models.components.posteriors import PosteriorFamily
from latent_audit.vae_models.components.regularisers import Encoded, WeightedKl
from latent_audit.vae_models.model import Posterior


def total_correlation(family: PosteriorFamily, posterior: Posterior, latents: Tensor) -> Tensor:
    """Returns (n,) log q(z) - sum_d log q(z_d) in nats at latents (n, d), q(z) being the batch's mean posterior.

    Its gradient is that of minibatch-weighted sampling (eq. S4); the value treats the batch as all the data.
    """
    count = len(latents)
    each = Posterior(posterior.mean[None], posterior.log_variance[None])
    log_q = family.log_density(each, latents[:, None])  # i, j, d: latents of i under the posterior of j
    joint = log_q.sum(2).logsumexp(1) - math.log(count)
    alone = (log_q.logsumexp(1) - math.log(count)).sum(1)
    return joint - alone


class BetaTotalCorrelation:
    """KL + (beta - 1) * total correlation (Chen et al. 2018, eq. 4 with alpha = gamma = 1), the KL warmed up."""

    needs_density = True
    asks_for_independence = True

    def __init__(self, beta: float, warm_up_steps: int, family: PosteriorFamily) -> None:
        self.beta, self.family = beta, family
        self._kl = WeightedKl(1.0, warm_up_steps)
        self.settles_at = warm_up_steps

    def penalty(self, encoded: Encoded, step: int) -> Tensor:
        """Returns (n,) nats; both terms grow together over the warm-up."""
        dependence = total_correlation(self.family, encoded.posterior, encoded.latents)
        weight = self._kl.weight(step)
        return self._kl.penalty(encoded, step) + weight * (self.beta - 1) * dependence
