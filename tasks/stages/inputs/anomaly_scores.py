"""How unlike the training images a model finds each image: by its reconstruction, its bound, and likelihood regret."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.tasks.analyses.applications.likelihood_regret import gaussian_kl, likelihood_regret
from latent_audit.vae_models.densities import densities_of
from latent_audit.vae_models.inference import decode_latents, pixels_for
from latent_audit.vae_models.model import Model


def anomaly_scores(
    model: Model, images: NDArray[np.uint8], regret_steps: int, gradients: bool, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Returns (n,) by name, larger for stranger images."""
    assert isinstance(model, nn.Module)
    model.requires_grad_(False)
    pixels, densities = pixels_for(model, images), densities_of(model)
    device = pixels.device
    with torch.no_grad():
        mean, log_variance = model.encode(pixels)
        rebuilt = decode_latents(model, mean.cpu().numpy(), rows=np.arange(len(images)))
        error = (torch.from_numpy(rebuilt).to(device) - pixels).square().flatten(1).mean(1)
        kl = model.kl_per_dimension(pixels)
        nats = model.reconstruction_nats(pixels, mean)
        whole = kl.sum(1) if kl is not None else None if densities is None else densities.whole_kl(pixels)
    scores: dict[str, Any] = {"reconstruction error": error}
    if whole is not None:
        scores["negative ELBO"] = nats + whole
    independent = kl is not None and torch.allclose(
        gaussian_kl(mean, log_variance), kl.sum(1), rtol=1e-3, atol=1e-3
    )
    if gradients and independent:

        def image_nats(some: Tensor, latents: Tensor) -> Tensor:
            return model.reconstruction_nats(some, latents)

        regret = likelihood_regret(pixels, mean, log_variance, image_nats, regret_steps, seed)
        scores |= {
            "negative ELBO": torch.from_numpy(-regret.elbo_nats),
            "likelihood regret": torch.from_numpy(regret.regret_nats),
        }
    return {name: score.double().cpu().numpy() for name, score in scores.items()}
