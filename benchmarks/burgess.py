"""The 64x64 Burgess network in plain torch, which other libraries train, and the operations of one image.

Burgess et al. 2018, "Understanding disentangling in beta-VAE": 32 channels throughout, two layers of 256.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.operations import counted

SHAPE = (1, 64, 64)
LATENT_DIM = 10
PARAMETERS = 502_005


def encoder_layers() -> nn.Sequential:
    """Returns images (n, 1, 64, 64) -> (n, 20): means, then log variances."""
    layers: list[nn.Module] = []
    for channels in (1, 32, 32, 32):
        layers += [nn.Conv2d(channels, 32, 4, stride=2, padding=1), nn.ReLU()]
    layers += [nn.Flatten(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, 2 * LATENT_DIM))


def decoder_layers() -> nn.Sequential:
    """Returns latents (n, 10) -> logits (n, 1, 64, 64)."""
    layers: list[nn.Module] = [nn.Linear(LATENT_DIM, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
    layers += [nn.Linear(256, 512), nn.ReLU(), nn.Unflatten(1, (32, 4, 4))]
    for _ in range(3):
        layers += [nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1))


def check_size(*modules: nn.Module) -> None:
    """Raises ValueError where the modules together do not have the Burgess network's parameters."""
    found = sum(parameter.numel() for module in modules for parameter in module.parameters())
    if found != PARAMETERS:
        raise ValueError(f"this side has {found:,} parameters, not the Burgess network's {PARAMETERS:,}")


def operations_per_image(training: bool) -> float:
    """Returns operations of one image: the encoder's forward pass, or both networks' forward and backward."""
    encode, decode = encoder_layers(), decoder_layers()
    images = torch.rand(8, *SHAPE)

    def passes() -> None:
        outputs = encode(images)
        if training:
            decode(outputs[:, :LATENT_DIM]).sum().backward()

    return counted(passes) / len(images)


@torch.no_grad()
def held_out_nats(
    encode: Callable[[Tensor], Tensor], decode: Callable[[Tensor], Tensor], images: NDArray[np.uint8]
) -> float:
    """Returns the mean negative evidence lower bound in nats an image, one sample of the posterior each.

    encode: images in [0, 1] -> (n, 20), means and log variances; decode: latents -> logits. The same formula, images
    and noise for all sides.
    """
    pixels = torch.from_numpy(images).float() / 255
    mean, log_variance = encode(pixels).float().chunk(2, 1)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0))
    logits = decode(mean + noise * (log_variance / 2).exp()).float()
    pixel_nats = functional.binary_cross_entropy_with_logits(logits, pixels, reduction="none")
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)
    return float(pixel_nats.flatten(1).sum(1).mean() + kl.sum(1).mean())


def sprites(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Returns `count` sprites (n, 1, 64, 64) of random classes."""
    from latent_audit.tasks.datasets.sprites import FACTOR_SIZES, render

    random = np.random.default_rng(seed)
    return render(np.stack([random.integers(0, size, count) for size in FACTOR_SIZES], 1), image_size=64)
