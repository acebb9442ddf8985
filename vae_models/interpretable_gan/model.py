"""The InterpretableGAN: a semantic encoder S, a generator G driven by S's code, and a discriminator D that
sees only that code and decides by a sum of terms.

Specified by this project, since no public implementation was found. Ingredients: InfoGAN's recovery bound
(Chen et al. 2016), non-saturating logistic loss with R1 (Mescheder et al. 2018), two learning rates (Heusel
et al. 2017), an averaged generator (Karras et al. 2018), additive discriminator (Lou et al. 2013).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer

from latent_audit.vae_models.attribute_classifier.targets import Target, decode_all, encode_all
from latent_audit.vae_models.components.networks import convolutions
from latent_audit.vae_models.components.plain_layers import PlainDecoder
from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.decoder_noise import draw_noise
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.interpretable_gan.additive_discriminator import (
    AdditiveDiscriminator,
    Contributions,
)
from latent_audit.vae_models.interpretable_gan.losses import (
    attribute_nats,
    forward_pass,
    gradient_penalty,
    loss_terms,
    player_gradients,
    player_losses,
)
from latent_audit.vae_models.interpretable_gan.pair_choice import choose_pairs
from latent_audit.vae_models.interpretable_gan.semantic_encoder import SemanticEncoder
from latent_audit.vae_models.interpretable_gan.semantic_generator import SemanticGenerator
from latent_audit.vae_models.interpretable_gan.semantic_layout import (
    SemanticLayout,
    labelled_rows,
    named_columns,
)
from latent_audit.vae_models.interpretable_gan.stability import StabilityRecord
from latent_audit.vae_models.model import Batch, Posterior
from latent_audit.vae_models.training.precision import autocast
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import Reason

if TYPE_CHECKING:  # the settings build this class, so they import it
    from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings

# The generator rebuilds from codes with this much noise, so codes closer than it mean the same image. Free
# dimensions get more: with exact ones, images are rebuilt from them alone and the named ones mean nothing.
NAMED_NOISE = 0.05
FREE_NOISE = 0.3
# Rows of the training data's attribute combinations that samples are drawn from.
_COMBINATIONS = 4096
_ADAM_BETAS = (0.5, 0.99)
_BATCH = 500
# Whose noise `decode` takes where none is given.
FIXED_ROW = np.zeros(1, dtype=np.int64)


class InterpretableGan(nn.Module):
    """All losses are nats per image. Latents are semantic codes, laid out as semantic_encoder.py says."""

    def __init__(
        self,
        settings: "InterpretableGanSettings",
        image_shape: tuple[int, int, int],
        targets: Sequence[Target],
    ) -> None:
        super().__init__()
        self.settings = settings
        self.image_shape = image_shape
        self.in_bfloat16 = False
        self.targets = tuple(targets)
        self._columns = named_columns("interpretable_gan", settings.named, targets)
        self.layout = SemanticLayout(tuple(targets[i] for i in self._columns), settings.free_dimensions)
        self.latent_dim = self.layout.size
        self.dimension_names, self.dimension_groups = self.layout.names, self.layout.groups
        self.reconstruction = build_reconstruction(settings.reconstruction, settings.pixel_variance)
        self.encoder = SemanticEncoder(image_shape, self.layout, settings.encoder_width, settings.hidden)
        self.discriminator = AdditiveDiscriminator(self.layout, settings.pairwise_terms)
        maps = convolutions(settings.generator_network, image_shape, settings.residual)
        sizes = (settings.noise_dimensions, self.layout.size, settings.hidden)
        self.generator = SemanticGenerator(image_shape, *sizes, *maps)
        self.average_generator = SemanticGenerator(image_shape, *sizes, *maps).requires_grad_(False)
        self.average_generator.load_state_dict(self.generator.state_dict())
        self.noise_dimensions = settings.noise_dimensions
        # Follows from its row number, so no weights hold it.
        fixed = torch.from_numpy(draw_noise(FIXED_ROW, self.noise_dimensions))
        self.register_buffer("fixed_noise", fixed, persistent=False)
        self.choice_step = settings.choice_step
        self.stability = StabilityRecord()
        self.register_buffer("combinations", torch.zeros(_COMBINATIONS, len(self._columns)))
        self._encoder_side = [*self.encoder.parameters(), *self.discriminator.parameters()]
        self._generator_side = list(self.generator.parameters())
        self._optimizers: dict[str, Optimizer] = {
            "encoder": Adam(self._encoder_side, lr=settings.encoder_learning_rate, betas=_ADAM_BETAS),
            "generator": Adam(self._generator_side, lr=settings.generator_learning_rate, betas=_ADAM_BETAS),
        }

    @property
    def collapse_reason(self) -> Reason:
        """Returns the failure of the last steps of training, NO_REASON if there was none."""
        return self.stability.failure()

    def encode(self, images: Tensor) -> Posterior:
        """Returns S's code as mean (n, latent_dim), with a log variance that is constant for each dimension.

        S is deterministic; the variance is that of the noise from which G was trained to rebuild images:
        NAMED_NOISE squared for named dimensions, FREE_NOISE squared for free ones.
        """
        code = self.encoder(images)
        return Posterior(code, (2 * self.code_noise(code).log()).expand_as(code))

    def code_noise(self, like: Tensor) -> Tensor:
        """Returns (latent_dim,) standard deviations of the noise on codes."""
        named, free = self.layout.named_size, self.layout.free_dimensions
        return torch.cat([like.new_full((named,), NAMED_NOISE), like.new_full((free,), FREE_NOISE)])

    def decode(self, latents: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns images (n, c, h, w) in [0, 1] of codes (n, latent_dim), by the averaged generator.

        noise: (n, noise_dimensions), drawn by row number with `decoder_noise.draw_noise(rows, noise_dimensions, seed)`
        by whoever judges the images. Without it, one fixed draw is common to all images: good for pictures and a
        decoder to play with, but what another draw shows may differ, and no interval over images holds that.
        """
        return self.reconstruction.mean(self._decoder_outputs(latents, noise))

    def _decoder_outputs(self, latents: Tensor, noise: Tensor | None) -> Tensor:
        if noise is None:
            fixed = self.get_buffer("fixed_noise").to(latents.dtype)
            noise = fixed.expand(len(latents), self.noise_dimensions)
        return self.average_generator(noise, self.layout.presented(latents))

    def plain_decoder(self) -> PlainDecoder:
        """Returns `decode` as a plain list of layers; raises NoPlainForm for a layer without one."""
        found, start = PlainDecoder(), 0
        for target in self.layout.targets:
            if target.kind in ("categorical", "binary"):
                kind = "softmax" if target.kind == "categorical" else "tanh"
                found.add(kind, start=start, size=target.size)
            start += target.size
        found.add("noise", self.get_buffer("fixed_noise"), count=self.noise_dimensions)
        found.add_network(self.average_generator.layers)
        found.add("sigmoid")
        return found

    def reconstruction_nats(self, images: Tensor, latents: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns (n,) negative log-likelihood in nats under the stated pixel distribution; noise as of `decode`."""
        return self.reconstruction.nats_per_image(self._decoder_outputs(latents, noise), images)

    def kl_per_dimension(self, images: Tensor) -> None:
        """Returns None: S is deterministic and the loss has no KL term."""
        return None

    def contributions(self, images: Tensor) -> Contributions:
        """Returns the terms whose sum is D's decision on each image (n, c, h, w); differentiable."""
        return self.discriminator.contributions(self.layout.presented(self.encoder(images)))

    def sample_latents(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, latent_dim) codes: the data's own attribute combinations, free dimensions normal."""
        return self.condition_on(self.draw_combinations(count, generator), generator)

    def sample(
        self, count: int, generator: Generator, values: NDArray[np.float64] | None = None
    ) -> tuple[Tensor, NDArray[np.float64]]:
        """Returns images (count, c, h, w) in [0, 1] and the raw values (count, named attributes) of their condition.

        values: the condition, one column per named attribute; drawn from the data's combinations if None.
        """
        device = self.get_buffer("combinations").device
        if values is None:
            encoded = self.draw_combinations(count, generator)
        else:
            encoded = torch.from_numpy(encode_all(self.layout.targets, values)).to(device)
            if len(encoded) != count:
                raise BadSettings(
                    f"asked for {count} samples with {len(encoded)} rows of values: give as many"
                )
        with torch.no_grad():
            presented = self.layout.presented(self.condition_on(encoded, generator))
            outputs = self.average_generator(self.noise(count, generator), presented)
            images = self.reconstruction.mean(outputs)
        return images, decode_all(self.layout.targets, encoded.cpu().numpy())

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the encoder's (with the discriminator's) and the generator's optimiser."""
        return self._optimizers

    def encode_values(self, values: NDArray[np.float64] | None) -> NDArray[np.float32]:
        """Returns raw values (n, k), one column a target of the data, as those of the named attributes."""
        if values is None:
            raise BadSettings(
                "the InterpretableGAN needs attribute values of training and validation images: give both"
            )
        return encode_all(self.targets, values)[:, list(self._columns)]

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32]:
        """Returns `encode_values` with NaN for images outside the labelled share, and remembers combinations."""
        encoded = self.encode_values(values)
        random = np.random.default_rng((seed, 0x1ABE1))
        labelled = labelled_rows(len(encoded), self.settings.labelled_share, random)
        rows = random.choice(labelled, _COMBINATIONS)
        self.get_buffer("combinations").copy_(torch.from_numpy(encoded[rows]))
        masked = np.full_like(encoded, np.nan)
        masked[labelled] = encoded[labelled]
        return masked

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one step, of the encoder alone during warm-up, then of both players from one forward pass.

        Returns the detached mean terms in nats.
        """
        if step < self.settings.warm_up:
            return self._warm_up(batch)
        forward = forward_pass(self, batch, generator)
        terms = loss_terms(self, batch, forward)
        losses = player_losses(self, terms, forward)
        every = self.settings.gradient_penalty_every
        if self.settings.gradient_penalty and step % every == 0:
            penalty = self.settings.gradient_penalty * every * gradient_penalty(self, batch.images)
            losses = losses._replace(encoder=losses.encoder + penalty)
        # Both gradients before either step: they share the forward pass.
        encoder_gradients, generator_gradients = player_gradients(
            losses, forward, self._encoder_side, self._generator_side
        )
        self._descend("encoder", self._encoder_side, encoder_gradients)
        self._descend("generator", self._generator_side, generator_gradients)
        with torch.no_grad():
            averages = self.average_generator.parameters()
            for average, parameter in zip(averages, self._generator_side, strict=True):
                average.lerp_(parameter, 1 - self.settings.average_decay)
            self.stability.observe(batch.images, forward.samples, forward.real_logit, forward.sample_logit)
        return {name: nats.detach() for name, nats in terms.items()} | self.stability.scalars()

    def choose(self, batch: Batch, generator: Generator) -> None:
        """Chooses the pairs of attributes that the discriminator may decide by, on all held-out images at once."""
        count = len(batch.images)
        samples = self.reconstruction.mean(
            self.average_generator(
                self.noise(count, generator), self.layout.presented(self.sample_latents(count, generator))
            )
        )
        both = torch.cat([batch.images, samples])
        codes = [self.encoder(both[some]) for some in batches(len(both), _BATCH)]
        presented = self.layout.presented(torch.cat(codes))
        choice = choose_pairs(
            presented.double().cpu().numpy(),
            self.discriminator(presented).double().cpu().numpy(),
            np.arange(2 * count) < count,
            self.layout.groups,
            self.layout.attribute_kinds,
            self.settings.pairwise_terms,
            np.random.default_rng(count),
        )
        self.discriminator.take_pairs(choice)

    def _warm_up(self, batch: Batch) -> dict[str, Tensor]:
        """Makes one supervised step of the encoder alone: G learns nothing from a code that S cannot predict yet."""
        assert batch.values is not None
        for group in self._optimizers["encoder"].param_groups:  # for this step: the loop sets it before each
            group["lr"] = self.settings.warm_up_learning_rate
        with autocast(batch.images.device, self.in_bfloat16):
            code = self.encoder(batch.images)
        nats = attribute_nats(self, code, batch.values)
        parameters = list(self.encoder.parameters())
        self._descend("encoder", parameters, torch.autograd.grad(nats, parameters))
        return {"supervised": nats.detach()}

    def losses(self, batch: Batch, generator: Generator) -> dict[str, Tensor]:
        """Returns mean nats per image: supervised, follow, recovery, reconstruction, free_prior and both players'."""
        return loss_terms(self, batch, forward_pass(self, batch, generator))

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n,) nats: reconstruction at drawn noise, the attributes' of images, and of as many samples what S
        reads in them against what they were asked for, both by the averaged G.
        """
        count = len(batch.images)
        code = self.encoder(batch.images)
        nats = self.reconstruction_nats(batch.images, code, self.noise(count, generator))
        if batch.values is not None:
            nats = nats + sum(self.layout.supervised_nats(code, batch.values).values())
        asked = self.draw_combinations(count, generator)
        samples = self.decode(self.condition_on(asked, generator), self.noise(count, generator))
        return nats + sum(self.layout.supervised_nats(self.encoder(samples), asked).values())

    def _descend(self, name: str, side: list[nn.Parameter], gradients: tuple[Tensor, ...]) -> None:
        """Makes one optimiser step for one player's parameters."""
        for parameter, gradient in zip(side, gradients, strict=True):
            parameter.grad = gradient
        self._optimizers[name].step()

    def condition_on(self, encoded: Tensor, generator: Generator) -> Tensor:
        """Returns codes (n, d) conditioned on encoded values (n, k), with standard normal free dimensions."""
        free = torch.empty(len(encoded), self.layout.free_dimensions, device=encoded.device)
        return torch.cat([self.layout.named_code(encoded), free.normal_(generator=generator)], 1)

    def draw_combinations(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, k) encoded values that occur together in the training data."""
        combinations = self.get_buffer("combinations")
        rows = torch.randint(_COMBINATIONS, (count,), generator=generator, device=combinations.device)
        return combinations[rows]

    def noise(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, u) of generator noise."""
        device = self.get_buffer("combinations").device
        return torch.randn(count, self.settings.noise_dimensions, generator=generator, device=device)
