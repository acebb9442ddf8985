"""The posterior of an inverse autoregressive flow (Kingma et al. 2016): draws of a Gaussian, moved by steps in which
each element depends on those before it.
"""

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from latent_audit.vae_models.components.posteriors import LOG_VARIANCE_RANGE
from latent_audit.vae_models.components.related.related_posteriors import RelatedPosterior
from latent_audit.vae_models.model import Posterior

# Draws whose mean is the code that analyses use: the same noise for every image, every time.
SUMMARY_DRAWS = 64
# Of a step's gate at the start, so that it hardly moves a draw (Kingma et al. 2016, algorithm 1).
_GATE = 1.5
_SMALL = 0.1


class FlowStart(Posterior):
    """The Gaussian that a flow starts from. context: (n, d) outputs of the encoder that every step is given."""

    context: Tensor

    @classmethod
    def of(cls, mean: Tensor, log_variance: Tensor, context: Tensor) -> "FlowStart":
        """Returns the Gaussian with its context."""
        made = cls(mean, log_variance)
        made.context = context
        return made

    def repeated(self, times: int) -> "FlowStart":
        """Returns each posterior `times` times, one after the other."""
        parts = (self.mean, self.log_variance, self.context)
        return self.of(*(part.repeat_interleave(times, 0) for part in parts))


class _MaskedStep(nn.Module):
    """Two outputs for each element, from the elements before it and the context (Germain et al. 2015, MADE)."""

    def __init__(self, dimensions: int, units: int, backwards: bool) -> None:
        super().__init__()
        self.towards = nn.Linear(dimensions, units)
        self.of_context = nn.Linear(dimensions, units, bias=False)
        self.back = nn.Linear(units, 2 * dimensions)
        with torch.no_grad():
            self.back.weight.mul_(_SMALL)
        places = torch.arange(1, dimensions + 1)
        places = places.flip(0) if backwards else places
        hidden = torch.arange(units) % dimensions  # 0: of the context alone
        self.register_buffer("mask_in", (hidden[:, None] >= places[None, :]).float(), persistent=False)
        mask_out = (places[:, None] > hidden[None, :]).float()
        self.register_buffer("mask_out", mask_out.repeat(2, 1), persistent=False)

    def forward(self, latents: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the shift and the gate's logit (n, d) of latents (n, d)."""
        hidden = functional.linear(
            latents, self.towards.weight * self.get_buffer("mask_in"), self.towards.bias
        )
        hidden = functional.elu(hidden + self.of_context(context))
        outputs = functional.linear(hidden, self.back.weight * self.get_buffer("mask_out"), self.back.bias)
        shift, gate = outputs.chunk(2, dim=1)
        return shift, gate + _GATE


class AutoregressiveFlowPosterior(nn.Module, RelatedPosterior):
    """z = gate * z + (1 - gate) * shift, step by step; every second step takes the elements in the other order."""

    outputs_per_dimension = 3

    def __init__(self, dimensions: int, steps: int, units: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(_MaskedStep(dimensions, units, bool(i % 2)) for i in range(steps))

    def from_outputs(self, outputs: Tensor) -> FlowStart:
        """Returns the start in an encoder's outputs (n, 3 d): means, log variances, context."""
        mean, log_variance, context = outputs.float().chunk(3, dim=1)
        return FlowStart.of(mean, log_variance.clamp(*LOG_VARIANCE_RANGE), context)

    def draw(self, posterior: Posterior, generator: Generator) -> tuple[Tensor, Tensor]:
        """Returns (n, d) reparameterised draws and their log densities (n,) in nats."""
        return self._moved(posterior, torch.empty_like(posterior.mean).normal_(generator=generator))

    def _moved(self, posterior: Posterior, noise: Tensor) -> tuple[Tensor, Tensor]:
        assert isinstance(posterior, FlowStart)
        latents = posterior.mean + noise * (0.5 * posterior.log_variance).exp()
        log_density = -0.5 * (noise.square() + posterior.log_variance + math.log(2 * math.pi)).sum(1)
        for step in self.steps:
            shift, logit = step(latents, posterior.context)
            gate = logit.sigmoid()
            latents = gate * latents + (1 - gate) * shift
            log_density = log_density - functional.logsigmoid(logit).sum(1)
        return latents, log_density

    def kl_nats(self, posterior: Posterior, latents: Tensor, log_density: Tensor) -> Tensor:
        """Returns (n,) log q(z | x) - log N(z; 0, 1) in nats at the draws: unbiased for the KL."""
        return log_density + 0.5 * (latents.square() + math.log(2 * math.pi)).sum(1)

    def summary(self, posterior: Posterior) -> Posterior:
        """Returns means and log variances (n, d) of 64 draws, made of the same noise for every image."""
        size = posterior.mean.shape[1]
        noise = torch.randn(SUMMARY_DRAWS, size, generator=Generator().manual_seed(0)).to(posterior.mean)
        many = noise.repeat(len(posterior.mean), 1)
        drawn = self._moved(posterior.repeated(SUMMARY_DRAWS), many)[0].unflatten(0, (-1, SUMMARY_DRAWS))
        return Posterior(drawn.mean(1), drawn.var(1).log().clamp(*LOG_VARIANCE_RANGE))
