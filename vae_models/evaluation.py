"""Evaluates a trained model on given images: reconstruction and KL per image."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latent_audit.vae_models.model import Model
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason

_BATCH = 500


@dataclass(frozen=True)
class Evaluation:
    """reconstruction_nats: float64 (n,), at the posterior mean, so without noise. kl_nats: float64 (n, d), or
    None with the reason in `kl_not_applicable`.
    """

    reconstruction_nats: NDArray[np.float64]
    kl_nats: NDArray[np.float64] | None
    kl_not_applicable: Reason


def evaluate(model: Model, images: NDArray[np.uint8], batch_size: int = _BATCH) -> Evaluation:
    """Returns reconstruction and KL in nats of each image uint8 (n, c, h, w), on the model's device, in fp32.

    A model without a KL term (the InterpretableGAN) is rebuilt through its encoder and generator.
    """
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    reconstruction, divergence = [], []
    with torch.no_grad():
        for some in batches(len(images), batch_size):
            pixels = torch.from_numpy(np.array(images[some], order="C")).to(device)
            batch = pixels.to(torch.float32).div_(255)
            reconstruction.append(model.reconstruction_nats(batch, model.encode(batch).mean).double().cpu())
            kl = model.kl_per_dimension(batch)
            if kl is not None:
                divergence.append(kl.double().cpu())
    why = NO_REASON if divergence else reason("fitness.no_distribution")
    return Evaluation(
        torch.cat(reconstruction).numpy(), torch.cat(divergence).numpy() if divergence else None, why
    )
