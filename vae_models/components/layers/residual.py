"""Residual blocks (He et al. 2016) for encoders and decoders of 32 to 256 pixels, and the sizes of such networks.

Each block starts as the identity: its branch has a strength that is learnt from 0 (De & Smith 2020), so that deep
networks train without normalisation, which takes longer than all else in small networks. Blocks stand where maps are
16x16 and smaller: a convolution of 3x3 costs as much there as at 32x32 with half the channels, and sees four times as
much of the image.
"""

import torch
from torch import Tensor, nn

from latent_audit.vae_models.components.choices import ResidualSize

LARGEST_SIDE = 16
_CHANNELS_A_GROUP = 8


class ResidualBlock(nn.Module):
    """(n, c, h, w) -> (n, c, h, w): relu(x + strength * (3x3 convolution, norm, ReLU, 3x3 convolution, norm))."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.channels = channels
        self.groups = channels // _CHANNELS_A_GROUP if norm == "group" else 0
        layers: list[nn.Module] = []
        for place in range(2):
            layers.append(nn.Conv2d(channels, channels, 3, padding=1))
            if self.groups:
                layers.append(nn.GroupNorm(self.groups, channels))
            if place == 0:
                layers.append(nn.ReLU(inplace=True))
        self.branch = nn.Sequential(*layers)
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, maps: Tensor) -> Tensor:
        """Returns the maps with the branch added, none below 0."""
        branch = self.branch(maps)
        return torch.addcmul(maps, branch, self.strength.to(branch.dtype)).relu()


def residual_channels(size: ResidualSize, padded_side: int) -> tuple[int, ...]:
    """Returns the output channels of each strided convolution, from half of `padded_side` down to maps of 4x4."""
    sides = [padded_side >> halvings for halvings in range(1, padded_side.bit_length() - 2)]
    return tuple(size.width * (2 if side <= LARGEST_SIDE else 1) for side in sides)


def residual_blocks(size: ResidualSize, side: int, channels: int) -> list[nn.Module]:
    """Returns the blocks after a convolution that gives maps of `side`, none where they are larger than 16x16."""
    count = size.blocks if side <= LARGEST_SIDE else 0
    return [ResidualBlock(channels, size.norm) for _ in range(count)]
