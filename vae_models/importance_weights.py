"""Importance weights of a model's own posterior, from which bounds on log p(x) are made (Burda et al. 2016)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from latent_audit.vae_models.densities import Densities, HasExactLikelihood, densities_of
from latent_audit.vae_models.inference import pixels_for
from latent_audit.vae_models.model import Model

Floats = NDArray[np.float64]
_DECODED_TOGETHER = 500


def importance_weights(model: Model, images: NDArray[np.uint8], draws: int, seed: int) -> Floats | None:
    """Returns (n, draws) log p(x, z) - log q(z | x) in nats of images uint8 (n, c, h, w), z drawn of each posterior.

    None for a model whose codes have no densities.
    """
    densities = densities_of(model)
    if densities is None:
        return None
    pixels = pixels_for(model, images)
    generator = Generator(pixels.device).manual_seed(seed)
    with torch.no_grad():
        return np.stack([_of_one(model, densities, image[None], draws, generator) for image in pixels])


def known_log_likelihood(model: Model, images: NDArray[np.uint8]) -> Floats | None:
    """Returns (n,) log p(x) in nats of images uint8 (n, c, h, w); None where it is not known."""
    if not isinstance(model, HasExactLikelihood):
        return None
    known = model.exact_log_likelihood(pixels_for(model, images))
    return None if known is None else known.cpu().numpy()


def _of_one(model: Model, densities: Densities, image: Tensor, draws: int, generator: Generator) -> Floats:
    """Returns (draws,) log weights of one image (1, c, h, w)."""
    posterior, found = densities.infer(image), []
    for start in range(0, draws, _DECODED_TOGETHER):
        count = min(_DECODED_TOGETHER, draws - start)
        latents, log_q = densities.draw(posterior.repeated(count), generator)
        nats = model.reconstruction_nats(image.expand(count, *image.shape[1:]), latents)
        found.append(-nats.double() + densities.prior(latents).double() - log_q.double())
    return torch.cat(found).cpu().numpy()
