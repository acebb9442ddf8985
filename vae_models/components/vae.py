"""The VAE family as composition: encoder x posterior x prior x decoder x pixel distribution x regulariser x head
x weights (Kingma & Welling 2014 and what came after). A beta-VAE is this class with another beta.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer

from latent_audit.vae_models.components.composition import refuse_illegal
from latent_audit.vae_models.components.plain_layers import NoPlainForm, PlainDecoder
from latent_audit.vae_models.components.posteriors import PosteriorFamily
from latent_audit.vae_models.components.priors import ObservedCodes, Prior, StandardNormal
from latent_audit.vae_models.components.reconstruction import (
    PlainGaussianReconstruction,
    Reconstruction,
    exact_log_likelihood,
    linear_layer,
)
from latent_audit.vae_models.components.regularisers import Encoded, Following, Regulariser
from latent_audit.vae_models.components.related.related_posteriors import RelatedPosterior
from latent_audit.vae_models.densities import Densities, independent_draw
from latent_audit.vae_models.model import Batch, Posterior
from latent_audit.vae_models.training.precision import autocast

if TYPE_CHECKING:
    from latent_audit.vae_models.components.attribute_head import AttributeHead
    from latent_audit.vae_models.components.weight_uncertainty import GaussianWeights
    from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout

# A step after every warm-up and annealing.
AT_THE_END = 2**62
# Draws of each posterior where the KL has no closed form; with 16, a mean over 500 images is good to 0.05 nats.
_KL_DRAWS = 16


class VariationalAutoencoder(nn.Module):
    """Any member of the family. All losses are nats per image."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        encoder: nn.Module,
        decoder: nn.Module,
        posterior: PosteriorFamily,
        reconstruction: Reconstruction,
        regulariser: Regulariser,
        learning_rate: float,
        prior: Prior | None = None,
        head: "AttributeHead | None" = None,
        weights: "GaussianWeights | None" = None,
        sampling_noise: bool = True,
    ) -> None:
        """encoder: images (n, c, h, w) -> (n, outputs_per_dimension * latent_dim). decoder: (n, latent_dim) -> pixel
        outputs. prior: a standard normal by default. head: gives the first dimensions names. weights: makes the
        decoder's uncertain. sampling_noise: whether the decoder learns from draws of the posterior, or from its means.
        Raises BadSettings where parts contradict each other.
        """
        super().__init__()
        self.image_shape = image_shape
        self.latent_dim = latent_dim
        self.dimension_names = tuple(f"z{i}" for i in range(latent_dim))
        self.dimension_groups = tuple(range(latent_dim))
        self.layout: SemanticLayout | None = None if head is None else head.layout
        if self.layout is not None:
            self.dimension_names, self.dimension_groups = self.layout.names, self.layout.groups
        self.in_bfloat16 = False
        self.encoder, self.decoder = encoder, decoder
        self.prior: Prior = StandardNormal() if prior is None else prior
        self.head, self.weights = head, weights
        self.sampling_noise = sampling_noise
        self.posterior, self.reconstruction, self.regulariser = posterior, reconstruction, regulariser
        refuse_illegal(posterior, self.prior, regulariser)
        # A regulariser's own networks are trained by its own optimisers.
        learnt = [module for name, module in self.named_children() if name != "regulariser"]
        parameters = [p for module in learnt for p in module.parameters()]
        # One kernel a parameter, 7 % of a step less on a CPU. It wants gradients laid out as their parameters,
        # as `backward` leaves them and `autograd.grad` need not.
        self._optimizer = Adam(parameters, lr=learning_rate, fused=True)

    def encode(self, images: Tensor) -> Posterior:
        """Returns q(z | x): mean and log variance, each (n, latent_dim), of images (n, c, h, w) in [0, 1]."""
        posterior = self._infer(images)
        return (
            self.posterior.summary(posterior) if isinstance(self.posterior, RelatedPosterior) else posterior
        )

    def _infer(self, images: Tensor) -> Posterior:
        return self.posterior.from_outputs(self.encoder(images))

    def densities(self) -> Densities | None:
        """Returns the densities of posterior and prior; None for a model without a prior."""
        if not self.prior.has_density:
            return None
        return Densities(
            self._infer,
            self._draw_with_density,
            lambda latents: self.prior.log_density(latents, self.encode),
            self._whole_kl,
        )

    def _draw_with_density(self, posterior: Posterior, generator: Generator) -> tuple[Tensor, Tensor]:
        if isinstance(self.posterior, RelatedPosterior):
            return self.posterior.draw(posterior, generator)
        return independent_draw(self.posterior, posterior, generator)

    def exact_log_likelihood(self, images: Tensor) -> Tensor | None:
        """Returns (n,) log p(x) in nats of images (n, c, h, w), float64; None for a decoder that is not linear."""
        layer, pixels = linear_layer(self.decoder), self.reconstruction
        if (
            layer is None
            or not isinstance(pixels, PlainGaussianReconstruction)
            or not isinstance(self.prior, StandardNormal)
        ):
            return None
        return exact_log_likelihood(layer, pixels.variance, images)

    def decode(self, latents: Tensor) -> Tensor:
        """Returns mean images (n, c, h, w) in [0, 1] of latents (n, latent_dim); uncertain weights at their means."""
        return self.reconstruction.mean(self.decoder(latents))

    def plain_decoder(self) -> PlainDecoder:
        """Returns `decode` as a plain list of layers; raises NoPlainForm for a layer without one."""
        if isinstance(self.reconstruction, PlainGaussianReconstruction):
            raise NoPlainForm(type(self.reconstruction).__name__)
        found = PlainDecoder()
        found.add_network(self.decoder)
        found.add("sigmoid")  # the mean of every pixel distribution
        return found

    def decode_with_drawn_weights(self, latents: Tensor, generator: Generator) -> Tensor:
        """Returns mean images (n, c, h, w) in [0, 1] by one draw of the weights; as `decode` where they are certain."""
        return self.reconstruction.mean(self._pixel_outputs(latents, generator))

    def sample_latents(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, latent_dim) draws of the prior."""
        with torch.no_grad():
            return self.prior.sample(count, self.latent_dim, generator, self.encode)

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the model's one optimiser, and those of a regulariser that learns."""
        followed = self.regulariser.optimizers() if isinstance(self.regulariser, Following) else {}
        return {"adam": self._optimizer} | followed

    def encode_values(self, values: NDArray[np.float64] | None) -> NDArray[np.float32] | None:
        """Returns raw values as targets for a head; None without one, since attributes then have no effect."""
        return None if self.head is None else self.head.encode_values(values)

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32] | None:
        """Returns `encode_values` of the labelled share; sets the number of images of uncertain weights."""
        if self.weights is not None and values is not None:
            self.weights.learn_from(len(values))
        return None if self.head is None else self.head.training_values(values, seed)

    def _pixel_outputs(self, latents: Tensor, generator: Generator) -> Tensor:
        if self.weights is None:
            return self.decoder(latents)
        return self.weights.apply_to(self.decoder, latents, generator)

    def _drawn(self, posterior: Posterior, generator: Generator) -> tuple[Tensor, Tensor | None]:
        """Returns codes (n, d) for the decoder, and the KL (n, d) in nats; (n, 1) where it is not a sum over d."""
        if isinstance(self.posterior, RelatedPosterior):
            latents, log_density = self.posterior.draw(posterior, generator)
            return latents, self.posterior.kl_nats(posterior, latents, log_density)[:, None]
        latents = self.posterior.sample(posterior, generator) if self.sampling_noise else posterior.mean
        return latents, self.prior.kl_per_dimension(self.posterior, posterior, latents, self.encode)

    def _terms(self, batch: Batch, step: int, generator: Generator) -> tuple[dict[str, Tensor], Encoded]:
        """Returns (n,) nats by name, and the batch's codes.

        reconstruction; kl (unweighted, where there is one); penalty (as the regulariser weighs it); attributes
        (as the head weighs them); weights (their KL shared by all images).
        """
        with autocast(batch.images.device, self.in_bfloat16):
            outputs = self.encoder(batch.images)
        posterior = self.posterior.from_outputs(outputs)
        latents, kl = self._drawn(posterior, generator)
        with autocast(batch.images.device, self.in_bfloat16):
            pixel_outputs = self._pixel_outputs(latents, generator)
        encoded = Encoded(posterior, latents, kl)
        terms = {"reconstruction": self.reconstruction.nats_per_image(pixel_outputs, batch.images)}
        if kl is not None:
            terms["kl"] = kl.sum(1)
        terms["penalty"] = self.regulariser.penalty(encoded, step)
        if self.head is not None and batch.values is not None:
            terms["attributes"] = self.head.weight * self.head.nats(latents, batch.values)
        if self.weights is not None:
            terms["weights"] = self.weights.nats_per_image(self.decoder).expand(len(latents))
        return terms, encoded

    def losses(self, batch: Batch, generator: Generator) -> dict[str, Tensor]:
        """Returns mean nats per image after any warm-up: reconstruction, kl, penalty (beta * kl), what head and weights
        add, and total.

        One sample of the posterior an image.
        """
        terms, _ = self._terms(batch, AT_THE_END, generator)
        means = {name: nats.mean() for name, nats in terms.items()}
        return means | {"total": _total(means)}

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one Adam step on all terms but the unweighted KL; returns the detached mean terms in nats."""
        terms, encoded = self._terms(batch, step, generator)
        means = {name: nats.mean() for name, nats in terms.items()}
        total = _total(means)
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()
        self._optimizer.step()
        scalars = {name: nats.detach() for name, nats in (means | {"total": total}).items()}
        return scalars | self._after_step(encoded, step, generator)

    def _after_step(self, encoded: Encoded, step: int, generator: Generator) -> dict[str, Tensor]:
        if isinstance(self.prior, ObservedCodes):
            self.prior.observe(encoded.latents)
        if not isinstance(self.regulariser, Following):
            return {}
        posterior, latents, kl = encoded
        kept = Encoded(
            Posterior(*(tensor.detach() for tensor in posterior)),
            latents.detach(),
            None if kl is None else kl.detach(),
        )
        return self.regulariser.after_step(kept, step, generator)

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n,) nats of all terms but the unweighted KL, after any warm-up."""
        return _total(self._terms(batch, AT_THE_END, generator)[0])

    def reconstruction_nats(self, images: Tensor, latents: Tensor) -> Tensor:
        """Returns (n,) negative log p(x | z) in nats under the stated pixel distribution."""
        return self.reconstruction.nats_per_image(self.decoder(latents), images)

    def kl_per_dimension(self, images: Tensor) -> Tensor | None:
        """Returns (n, latent_dim) nats that add up to KL(q(z | x) || prior); None for a model without a prior, or one
        whose KL is not a sum over dimensions.

        Exact for the standard normal; else the mean of 16 draws, the same ones every time.
        """
        if isinstance(self.posterior, RelatedPosterior) or not self.prior.has_density:
            return None
        return self._kl(images)

    def _whole_kl(self, images: Tensor) -> Tensor:
        return self._kl(images).sum(1)

    def _kl(self, images: Tensor) -> Tensor:
        posterior = self._infer(images)
        if isinstance(self.prior, StandardNormal) and not isinstance(self.posterior, RelatedPosterior):
            return self.posterior.kl_per_dimension(posterior)
        generator = Generator(images.device).manual_seed(0)
        draws = [self._drawn(posterior, generator)[1] for _ in range(_KL_DRAWS)]
        return torch.stack([kl for kl in draws if kl is not None]).mean(0)


def _total(terms: dict[str, Tensor]) -> Tensor:
    """Returns the sum of all loss terms; the unweighted KL is part of the penalty."""
    paid = [nats for name, nats in terms.items() if name != "kl"]
    total = paid[0]
    for nats in paid[1:]:
        total = total + nats
    return total


def parameter_count(module: nn.Module) -> int:
    """Returns the number of trainable parameters of a model."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


@torch.no_grad()
def elbo(model: VariationalAutoencoder, images: Tensor, generator: Generator) -> Tensor:
    """Returns (n,) one-sample evidence lower bound in nats: log p(x | z) - KL, for any beta in training.

    Raises TypeError for a model without a prior, which has no bound.
    """
    posterior = model.encode(images)
    latents = model.posterior.sample(posterior, generator)
    kl = model.prior.kl_per_dimension(model.posterior, posterior, latents, model.encode)
    if kl is None:
        raise TypeError("a model without a prior has no evidence lower bound")
    return -model.reconstruction_nats(images, latents) - kl.sum(1)
