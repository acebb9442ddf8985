"""Evaluates a trained model on given images: reconstruction and KL per image."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latent_audit.vae_models.decoder_noise import NoisyDecoder, draw_noise
from latent_audit.vae_models.model import Model
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason

_BATCH = 500


@dataclass(frozen=True)
class Evaluation:
    """reconstruction_nats: float64 (n,), at the posterior mean, and at a draw of its own for each image where the
    decoder takes noise; None for a model without a decoder. kl_nats: float64 (n, d), or None
    with the reason in `kl_not_applicable`.
    """

    reconstruction_nats: NDArray[np.float64] | None
    kl_nats: NDArray[np.float64] | None
    kl_not_applicable: Reason


def evaluate(
    model: Model, images: NDArray[np.uint8], batch_size: int = _BATCH, *, decodes: bool = True
) -> Evaluation:
    """Returns reconstruction and KL in nats of each image uint8 (n, c, h, w), on the model's device, in fp32.

    decodes: whether the model has a decoder; without one there is no reconstruction.
    A model without a KL term (the InterpretableGAN) is rebuilt through its encoder and generator.
    """
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    reconstruction, divergence = [], []
    with torch.no_grad():
        for some in batches(len(images), batch_size):
            pixels = torch.from_numpy(np.array(images[some], order="C")).to(device)
            batch = pixels.to(torch.float32).div_(255)
            kl = model.kl_per_dimension(batch)
            if kl is not None:
                divergence.append(kl.double().cpu())
            if not decodes:
                continue
            mean = model.encode(batch).mean
            if isinstance(model, NoisyDecoder):
                noise = torch.from_numpy(draw_noise(np.arange(some.start, some.stop), model.noise_dimensions))
                nats = model.reconstruction_nats(batch, mean, noise.to(device))
            else:
                nats = model.reconstruction_nats(batch, mean)
            reconstruction.append(nats.double().cpu())
    why = NO_REASON if divergence else reason("fitness.no_distribution")
    return Evaluation(
        torch.cat(reconstruction).numpy() if decodes else None,
        torch.cat(divergence).numpy() if divergence else None,
        why,
    )
