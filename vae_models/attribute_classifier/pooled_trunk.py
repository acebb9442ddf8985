"""The trunk of attribute classifier and semantic encoder: position-independent features beside positional ones.

Maxima over all positions detect what does not depend on position (a shape learnt in one place is recognised in
all, which a small training set needs most); sums over all positions measure amounts; a narrow copy of the maps
keeps positions.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_audit.vae_models.components.networks import initialise_for_relu, padded_size, with_rim

_MAP_SIDE = 16  # where the strided convolutions stop
_PLACE_CHANNELS = 16


class PooledTrunk(nn.Module):
    """(n, c, h, w) in [0, 1] -> (n, hidden), h = w <= 256."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        *,
        strided: int,
        fine: int,
        coarse: Sequence[int],
        hidden: int,
    ) -> None:
        """Channels of the strided convolutions, of the 3x3 one at 16x16, and of those at 8x8, in turn."""
        super().__init__()
        self.size = size = padded_size(image_shape)
        channels, layers = image_shape[0], list[nn.Module]()
        while size > _MAP_SIDE:
            layers += [nn.Conv2d(channels, strided, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
            channels, size = strided, size // 2
        # Pooled first: the same numbers, and a quarter of the way through ReLU and back.
        layers += [nn.Conv2d(channels, fine, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(inplace=True)]
        for before, after in itertools.pairwise([fine, *coarse]):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
        self.convolutions = nn.Sequential(*layers)
        self.place = nn.Conv2d(coarse[-1], _PLACE_CHANNELS, 1)
        self.combine = nn.Linear(_PLACE_CHANNELS * (_MAP_SIDE // 2) ** 2 + 2 * coarse[-1], hidden)
        initialise_for_relu(self)

    def forward(self, images: Tensor) -> Tensor:
        """Returns (n, hidden) features, not negative."""
        maps = self.convolutions(with_rim(images, self.size).contiguous(memory_format=torch.channels_last))
        place = self.place(maps).relu().flatten(1)
        amount = (
            maps.sum((2, 3)) / maps.shape[3]
        )  # of the size of one map's values, for an object of some pixels
        # Not amax, whose way back, over all that may be largest, takes three times as long.
        largest = functional.adaptive_max_pool2d(maps, 1).flatten(1)
        return self.combine(torch.cat([place, largest, amount], 1)).relu()
