"""The interface of a model: a small Protocol, so that a VAE (one optimiser) and a GAN
(several) share one training loop and every analysis.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.optim import Optimizer

from latent_audit.vocabulary.reasons import Reason


class Posterior(NamedTuple):
    """The posterior of each image: a Gaussian per dimension, both tensors (n, latent_dim)."""

    mean: Tensor
    log_variance: Tensor

    def repeated(self, times: int) -> "Posterior":
        """Returns each posterior `times` times, one after the other: (n * times, latent_dim)."""
        return Posterior(*(tensor.repeat_interleave(times, 0) for tensor in (self.mean, self.log_variance)))


@dataclass(frozen=True)
class Batch:
    """images: float32 (n, c, h, w) in [0, 1]. values: float32 (n, k) encoded by targets (NaN where an image
    has no label), or None for a model that uses no attributes.
    """

    images: Tensor
    values: Tensor | None


@runtime_checkable
class Trainable(Protocol):
    """The interface that the training loop needs, which attribute classifiers and models implement.

    Every implementation is also a torch.nn.Module: `state_dict` and `to` are used on it.
    """

    image_shape: tuple[int, int, int]
    in_bfloat16: bool  # set by the training loop: forward passes of update() in bf16 autocast

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns the optimisers by name, always the same objects; their state goes into checkpoints."""
        ...

    def encode_values(self, values: NDArray[np.float64] | None) -> NDArray[np.float32] | None:
        """Returns raw attribute values (n, k) as targets (n, k); None for a model that uses none."""
        ...

    def training_values(self, values: NDArray[np.float64] | None, seed: int) -> NDArray[np.float32] | None:
        """Returns `encode_values` of the training images, NaN for labels that the model must not see."""
        ...

    def update(self, batch: Batch, step: int, generator: Generator) -> dict[str, Tensor]:
        """Makes one training step with its own optimisers; returns detached scalars (nats per image)."""
        ...

    def held_out_objective(self, batch: Batch, generator: Generator) -> Tensor:
        """Returns (n,) nats per image, lower is better: the criterion of early stopping."""
        ...


@runtime_checkable
class ChoosesOnHeldOut(Protocol):
    """A model that settles something once in its training, on held-out images; the training loop asks it to."""

    choice_step: int  # before which step; no step has a negative number

    def choose(self, batch: Batch, generator: Generator) -> None:
        """Makes the choice from all held-out images and keeps it with the weights."""
        ...


@runtime_checkable
class KnowsItsFailure(Protocol):
    """A model that watches its own training, such as a GAN, which can fail without a loss that shows it."""

    @property
    def collapse_reason(self) -> Reason:
        """Returns how its training failed, NO_REASON where it did not."""
        ...


@runtime_checkable
class Model(Protocol):
    """A generative model with an encoder: the interface that analyses need, also of a model trained elsewhere.

    Tensors in and out live on the model's own device. Every implementation is also a torch.nn.Module.
    """

    image_shape: tuple[int, int, int]
    latent_dim: int
    dimension_names: tuple[str, ...]
    """One name a dimension: "z0".. or what the data call it: "shape=heart", "posX", "free0"."""
    dimension_groups: tuple[int, ...]
    """Dimensions that only make sense together (one categorical attribute) share a number."""

    def encode(self, images: Tensor) -> Posterior:
        """Returns the posterior of float32 images (n, c, h, w) in [0, 1]; differentiable."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Returns mean images (n, c, h, w) in [0, 1] of latents (n, latent_dim); differentiable."""
        ...

    def sample_latents(self, count: int, generator: Generator) -> Tensor:
        """Returns (count, latent_dim) codes as the model draws them when it samples images."""
        ...

    def reconstruction_nats(self, images: Tensor, latents: Tensor) -> Tensor:
        """Returns (n,) negative log-likelihood in nats of each image given its latents."""
        ...

    def kl_per_dimension(self, images: Tensor) -> Tensor | None:
        """Returns (n, latent_dim) KL from the prior in nats, or None for a model that has no such term."""
        ...


@runtime_checkable
class TrainableModel(Model, Trainable, Protocol):
    """A generative model that is trained here."""

    def losses(self, batch: Batch, generator: Generator) -> dict[str, Tensor]:
        """Returns named scalar losses in nats per image: sums over pixels or dimensions, mean over images."""
        ...
