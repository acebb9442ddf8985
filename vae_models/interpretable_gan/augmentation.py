"""Differentiable augmentation of what a discriminator is shown (Zhao et al. 2020, DiffAugment), for small data.

Data and samples are changed alike, and gradients pass through the change, so that a discriminator that has few images
cannot learn them by heart, and the generator does not learn to draw the changes.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional

from latent_audit.vae_models.interpretable_gan.choices import Augmentation

# As published: an eighth of the side either way; a square of half the side.
_SHIFT, _HOLE = 0.125, 0.5


def augmented(images: Tensor, kinds: Sequence[Augmentation], generator: Generator) -> Tensor:
    """Returns images (n, c, h, w) in [0, 1], each changed by draws of its own; differentiable."""
    for kind in kinds:
        images = _CHANGES[kind](images, generator)
    return images


def _draw(images: Tensor, generator: Generator) -> Tensor:
    """Returns (n, 1, 1, 1) numbers, uniform in [0, 1)."""
    return torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device)


def _colour(images: Tensor, generator: Generator) -> Tensor:
    """Changes brightness by up to a half, saturation up to twofold, and contrast by up to a half."""
    images = images + (_draw(images, generator) - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (2 * _draw(images, generator))
    level = images.mean((1, 2, 3), keepdim=True)
    return level + (images - level) * (_draw(images, generator) + 0.5)


def _translated(images: Tensor, generator: Generator) -> Tensor:
    """Moves each image by up to an eighth of its side along both axes; black comes in."""
    side = images.shape[-1]
    most = round(_SHIFT * side)
    rim = functional.pad(images, (most,) * 4)
    places = torch.arange(side, device=images.device)
    rows, columns = (
        places + (_draw(images, generator).view(-1, 1) * (2 * most + 1)).long() for _ in range(2)
    )
    which = torch.arange(len(images), device=images.device)
    moved = rim.permute(0, 2, 3, 1)[which[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def _cut_out(images: Tensor, generator: Generator) -> Tensor:
    """Blackens a square of half the side, whose centre may be anywhere."""
    side = images.shape[-1]
    places = torch.arange(side, device=images.device)
    inside = [
        (places - (_draw(images, generator).view(-1, 1) * side).long()).abs() < _HOLE * side / 2
        for _ in range(2)
    ]
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images * (~hole).to(images.dtype)


_CHANGES: dict[Augmentation, Callable[[Tensor, Generator], Tensor]] = {
    "color": _colour,
    "translation": _translated,
    "cutout": _cut_out,
}
