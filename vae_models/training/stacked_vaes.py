"""Trains several VAEs of one architecture in one step: seeds and betas of a model, for a GPU with free capacity.

Each has its own weights, order of images, noise and regulariser, and learns what it would learn by itself, to rounding:
the loss is the sum of theirs, and Adam treats every number by itself.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer

from latent_audit.vae_models.components.priors import StandardNormal
from latent_audit.vae_models.components.regularisers import Encoded, Following
from latent_audit.vae_models.components.vae import AT_THE_END, VariationalAutoencoder
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.training.graphed_step import GraphedStep
from latent_audit.vae_models.training.precision import autocast
from latent_audit.vae_models.training.stacked_networks import stacked_forward, stacked_state

PARTS = ("encoder", "decoder")


class StackedVaes(nn.Module):
    """A `Trainable` of several models. Scalars are (k,) and objectives (n, k): one per model, nats per image."""

    def __init__(
        self,
        models: Sequence[VariationalAutoencoder],
        seeds: Sequence[int],
        device: torch.device,
        graphed: bool = True,
    ) -> None:
        """Takes over the models' weights; `give_back` returns them. Raises BadSettings for models that differ in more
        than weights and regulariser, or have parts that learn by themselves. graphed: on CUDA, replay a step recorded
        once; without it every step is launched anew, which takes longer and learns the same.
        """
        super().__init__()
        _refuse_unlike(models, seeds)
        self.models, self.seeds, self.count = tuple(models), tuple(seeds), len(models)
        first = models[0]
        self.image_shape, self.latent_dim, self.in_bfloat16 = first.image_shape, first.latent_dim, False
        states = {part: stacked_state([getattr(model, part) for model in models]) for part in PARTS}
        self._names = [(part, name) for part, state in states.items() for name in state]
        self.weights = nn.ParameterList([states[part][name].to(device) for part, name in self._names])
        theirs = first.optimizers()["adam"].param_groups[0]
        self._optimizer = Adam(
            self.weights.parameters(),
            # A tensor where steps are recorded: a number would be recorded with them.
            lr=torch.tensor(theirs["lr"], device=device) if device.type == "cuda" else theirs["lr"],
            fused=theirs["fused"],
            eps=theirs["eps"],
            capturable=device.type == "cuda",
        )
        self._generators = [Generator(device).manual_seed(seed) for seed in seeds]
        self._settles_at = max(model.regulariser.settles_at for model in models)
        records = graphed and device.type == "cuda"
        self._graphed = GraphedStep(self._settled_step, self._generators) if records else None

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the one of all models."""
        return {"adam": self._optimizer}

    def encode_values(self, values: NDArray[np.float64] | None) -> None:
        """Returns None: no model of a stack learns from attributes."""
        return None

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> None:
        """Returns None."""
        return None

    def get_extra_state(self) -> Tensor:
        """Returns the state of every model's noise, so that a stopped stack resumes exactly."""
        return torch.stack([generator.get_state() for generator in self._generators])

    def set_extra_state(self, state: Tensor) -> None:
        """Restores the state."""
        for generator, one in zip(self._generators, state, strict=True):
            generator.set_state(one.cpu().clone())  # a view into a file may lie where no state may

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one Adam step of every model on its own share of the batch; returns their mean terms in nats.

        On CUDA as a graph, once no warm-up changes the loss any more.
        """
        images = batch.images.view(self.count, -1, *self.image_shape)
        if self._graphed is not None and step >= self._settles_at:
            return self._graphed(images)
        return self._step(images, step)

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n, k) nats: each model's objective on every image, after any warm-up."""
        images = batch.images.expand(self.count, *batch.images.shape)
        generators = [generator] * self.count
        terms = self._terms(images, AT_THE_END, generators)
        return (terms["reconstruction"] + terms["penalty"]).T

    def give_back(self) -> None:
        """Writes each model's weights into it."""
        for (part, name), joined in zip(self._names, self.weights, strict=True):
            for model, own in zip(self.models, joined.detach().chunk(self.count), strict=True):
                with torch.no_grad():
                    getattr(model, part).get_parameter(name).copy_(own)

    def _settled_step(self, images: Tensor) -> dict[str, Tensor]:
        return self._step(images, AT_THE_END)

    def _step(self, images: Tensor, step: int) -> dict[str, Tensor]:
        means = {name: nats.mean(1) for name, nats in self._terms(images, step, self._generators).items()}
        means["total"] = means["reconstruction"] + means["penalty"]
        self._optimizer.zero_grad(set_to_none=True)
        means["total"].sum().backward()
        self._optimizer.step()
        return {name: nats.detach() for name, nats in means.items()}

    def _terms(self, images: Tensor, step: int, generators: Sequence[Generator]) -> dict[str, Tensor]:
        """Returns (k, n) nats by name of images (k, n, c, h, w): reconstruction, kl and penalty."""
        first = self.models[0]
        states: dict[str, dict[str, Tensor]] = {part: {} for part in PARTS}
        for (part, name), weight in zip(self._names, self.weights, strict=True):
            states[part][name] = weight
        with autocast(images.device, self.in_bfloat16):
            outputs = stacked_forward(first.encoder, states["encoder"], self.count, images)
        codes = []
        for model, own, generator in zip(self.models, outputs.unbind(), generators, strict=True):
            posterior = model.posterior.from_outputs(own)
            latents = model.posterior.sample(posterior, generator)
            codes.append(Encoded(posterior, latents, model.posterior.kl_per_dimension(posterior)))
        latents = torch.stack([encoded.latents for encoded in codes])
        with autocast(images.device, self.in_bfloat16):
            pixels = stacked_forward(first.decoder, states["decoder"], self.count, latents)
        nats = first.reconstruction.nats_per_image(pixels.flatten(0, 1), images.flatten(0, 1))
        penalties = [
            model.regulariser.penalty(encoded, step)
            for model, encoded in zip(self.models, codes, strict=True)
        ]
        return {
            "reconstruction": nats.view(self.count, -1),
            "kl": torch.stack([encoded.kl() for encoded in codes]),
            "penalty": torch.stack(penalties),
        }


def _refuse_unlike(models: Sequence[VariationalAutoencoder], seeds: Sequence[int]) -> None:
    if not models or len(models) != len(seeds):
        raise BadSettings(
            f"a stack needs a seed for each of its models, got {len(models)} and {len(seeds)} seeds"
        )
    for model in models:
        if (
            model.head is not None
            or model.weights is not None
            or not isinstance(model.prior, StandardNormal)
            or isinstance(model.regulariser, Following)
        ):
            raise BadSettings(
                "only VAEs whose encoder and decoder alone learn can be trained in one step, without attribute heads, "
                "uncertain weights, learnt priors, or regularisers that learn or remember: train these one by one"
            )
    if len({_shape_of(model) for model in models}) > 1:
        raise BadSettings(
            "models that are trained in one step may differ in seed, beta and the like, but have one architecture, "
            "pixel distribution and learning rate: train these one by one"
        )


def _shape_of(model: VariationalAutoencoder) -> tuple[object, ...]:
    shapes = tuple((name, tuple(weight.shape)) for name, weight in model.named_parameters())
    pixels = (type(model.reconstruction), tuple(sorted(vars(model.reconstruction).items())))
    rate = model.optimizers()["adam"].param_groups[0]["lr"]
    return (str(model.encoder), str(model.decoder), shapes, type(model.posterior), pixels, rate)
