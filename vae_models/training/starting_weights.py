"""The weights that a training in phases starts from: those of an autoencoder, or of another VAE, trained before."""

from typing import TYPE_CHECKING

import torch
from torch import nn

from latent_audit.vae_models.errors import BadSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.components.vae import VariationalAutoencoder

# Standard deviation exp(-2) = 0.14 of every posterior at the start, where the model before had points.
_LOG_VARIANCE = -4.0


@torch.no_grad()
def start_from(model: "VariationalAutoencoder", before: nn.Module) -> None:
    """Gives a model the encoder and decoder of a model trained before it.

    Where that one's codes are points, its outputs become the means, and the variances of all posteriors start small.
    Raises BadSettings where networks or sizes differ.
    """
    if type(before) is not type(model) or before.latent_dim != model.latent_dim:
        raise BadSettings("start_from must name a model of the same kind of network with as many dimensions")
    ours, theirs = model.state_dict(), before.state_dict()
    encoder = [name for name in ours if name.startswith("encoder.")]
    for name in (*encoder, *(name for name in ours if name.startswith("decoder."))):
        if name not in theirs:
            raise BadSettings(f"start_from names a model of another network: it has no {name}")
        mine, given = ours[name], theirs[name]
        if mine.shape == given.shape:
            mine.copy_(given)
        elif name in encoder[-2:] and mine.shape[1:] == given.shape[1:] and len(mine) == 2 * len(given):
            mine[: len(given)] = given
            mine[len(given) :] = _LOG_VARIANCE if mine.ndim == 1 else 0.0
        else:
            raise BadSettings(
                f"start_from names a model of another network: {name} is {tuple(given.shape)} there, and must be "
                f"{tuple(mine.shape)}"
            )
