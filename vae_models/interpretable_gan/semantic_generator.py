"""The InterpretableGAN's generator: noise and a presented semantic code in, an image out."""

import torch
from torch import Tensor, nn

from latent_audit.vae_models.components.networks import (
    Between,
    ConvolutionHead,
    dense_layers,
    initialise_for_relu,
    nothing_between,
)


class SemanticGenerator(nn.Module):
    """G: (noise (n, u), presented code (n, s)) -> pixel outputs (n, c, h, w), unbounded."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        noise_dimensions: int,
        code_dimensions: int,
        hidden: int,
        channels: tuple[int, ...],
        between: Between = nothing_between,
    ) -> None:
        super().__init__()
        self.noise_dimensions = noise_dimensions
        head = ConvolutionHead(image_shape, channels, between)
        sizes = (noise_dimensions + code_dimensions, hidden, hidden, head.features)
        self.layers = nn.Sequential(*dense_layers(sizes), head)
        initialise_for_relu(self.layers)

    def forward(self, noise: Tensor, presented: Tensor) -> Tensor:
        """Returns pixel outputs of noise (n, u) and presented codes (n, s)."""
        return self.layers(torch.cat([noise, presented], 1))
