"""Evaluates a trained model on given images: reconstruction, KL and evidence lower bound per image."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from latent_audit.vae_models.decoder_noise import NoisyDecoder, draw_noise
from latent_audit.vae_models.densities import densities_of
from latent_audit.vae_models.inference import at_once
from latent_audit.vae_models.model import Model
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason

_BATCH = 500


@dataclass(frozen=True)
class Evaluation:
    """reconstruction_nats: float64 (n,), at the posterior mean, and at a draw of its own for each image where the
    decoder takes noise; None for a model without a decoder. kl_nats: float64 (n, d), or None with the reason in
    `kl_not_applicable`. whole_kl_nats: float64 (n,), of the whole code, also where it is not a sum over dimensions.
    elbo_nats: float64 (n,), at one draw of each posterior, whatever weight the KL had in training; None for a model
    without densities of codes or without a decoder.
    """

    reconstruction_nats: NDArray[np.float64] | None
    kl_nats: NDArray[np.float64] | None
    kl_not_applicable: Reason
    whole_kl_nats: NDArray[np.float64] | None
    elbo_nats: NDArray[np.float64] | None


def evaluate(
    model: Model, images: NDArray[np.uint8], batch_size: int = _BATCH, *, decodes: bool = True
) -> Evaluation:
    """Returns reconstruction, KL and bound in nats of each image uint8 (n, c, h, w), on the model's device, in fp32.

    decodes: whether the model has a decoder; without one there is no reconstruction.
    A model without a KL term (the InterpretableGAN) is rebuilt through its encoder and generator.
    """
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    densities, generator = densities_of(model), Generator(device).manual_seed(0)
    reconstruction, divergence, whole, bound = [], [], [], []
    with torch.no_grad():
        for some in batches(len(images), at_once(batch_size, images.shape)):
            pixels = torch.from_numpy(np.array(images[some], order="C")).to(device)
            batch = pixels.to(torch.float32).div_(255)
            kl = model.kl_per_dimension(batch)
            if kl is not None:
                divergence.append(kl.double().cpu())
                whole.append(divergence[-1].sum(1))
            elif densities is not None:
                whole.append(densities.whole_kl(batch).double().cpu())
            if not decodes:
                continue
            reconstruction.append(_at_the_mean(model, batch, some).double().cpu())
            if densities is not None:
                latents, _ = densities.draw(densities.infer(batch), generator)
                bound.append(-model.reconstruction_nats(batch, latents).double().cpu() - whole[-1])
    why = "fitness.related" if whole else "fitness.no_distribution"
    return Evaluation(
        _joined(reconstruction),
        _joined(divergence),
        NO_REASON if divergence else reason(why),
        _joined(whole),
        _joined(bound),
    )


def _at_the_mean(model: Model, batch: Tensor, rows: slice) -> Tensor:
    """Returns (n,) nats of images given the means of their posteriors, and noise of their rows where it is taken."""
    mean = model.encode(batch).mean
    if not isinstance(model, NoisyDecoder):
        return model.reconstruction_nats(batch, mean)
    noise = torch.from_numpy(draw_noise(np.arange(rows.start, rows.stop), model.noise_dimensions))
    return model.reconstruction_nats(batch, mean, noise.to(batch.device))


def _joined(parts: list[Tensor]) -> NDArray[np.float64] | None:
    return torch.cat(parts).numpy() if parts else None
