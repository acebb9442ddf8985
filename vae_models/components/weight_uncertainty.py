"""Mean-field Gaussian weights, learned by Bayes by Backprop (Blundell et al. 2015): a network with a distribution
over its own weights.
"""

import math

import torch
from torch import Generator, Tensor, nn
from torch.func import functional_call

from latent_audit.vae_models.errors import BadSettings


class GaussianWeights(nn.Module):
    """q(w) = N(w; the module's own parameters, deviation^2), a deviation for each; the prior is N(0, prior^2)."""

    def __init__(self, module: nn.Module, initial_deviation: float, prior_deviation: float) -> None:
        super().__init__()
        self.prior_deviation = prior_deviation
        start = math.log(initial_deviation)
        self.log_deviations = nn.ParameterList(torch.full_like(p, start) for p in module.parameters())
        self.register_buffer("training_images", torch.zeros(()))

    def learn_from(self, images: int) -> None:
        """Sets the number of training images over which the KL of the weights is divided."""
        self.get_buffer("training_images").fill_(images)

    def draw(self, module: nn.Module, generator: Generator) -> dict[str, Tensor]:
        """Returns the module's parameters by name, drawn once from q; differentiable."""
        return {
            name: mean + log_deviation.exp() * torch.empty_like(mean).normal_(generator=generator)
            for (name, mean), log_deviation in zip(
                module.named_parameters(), self.log_deviations, strict=True
            )
        }

    def apply_to(self, module: nn.Module, inputs: Tensor, generator: Generator) -> Tensor:
        """Returns the module's outputs with weights drawn once from q, the same for all inputs; differentiable."""
        return functional_call(module, self.draw(module, generator), (inputs,))

    def kl_nats(self, module: nn.Module) -> Tensor:
        """Returns the scalar KL(q(w) || p(w)) in nats, in closed form, summed over all weights."""
        total = torch.zeros((), device=self.get_buffer("training_images").device)
        prior = self.prior_deviation
        for mean, log_deviation in zip(module.parameters(), self.log_deviations, strict=True):
            scaled = ((2 * log_deviation).exp() + mean.square()) / prior**2
            total = total + (0.5 * (scaled - 1) + math.log(prior) - log_deviation).sum()
        return total

    def nats_per_image(self, module: nn.Module) -> Tensor:
        """Returns the scalar KL of the weights divided by the number of training images, in nats."""
        images = self.get_buffer("training_images")
        if not images:
            raise BadSettings(
                "the cost of uncertain weights is shared by the training images, and their number is not known yet: "
                "train the model, or call weights.learn_from(images) first"
            )
        return self.kl_nats(module) / images
