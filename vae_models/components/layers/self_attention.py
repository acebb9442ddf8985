"""Self-attention over locations of a map (Zhang et al. 2019, SAGAN), which connects distant parts of an image;
its weights show which locations attend to which.
"""

import torch
from torch import Tensor, nn

# Maps of 8x8: 64 places, few enough for every one to look at all.
ATTENTION_SIDE = 8
_SHARE_OF_CHANNELS = 8


class SelfAttention(nn.Module):
    """(n, c, h, w) -> (n, c, h, w): the maps plus `strength` times the attention-weighted sum over all locations.

    Strength starts at 0 and is learned, so a block without use has no effect.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(4, channels // _SHARE_OF_CHANNELS)
        self.query = nn.Conv2d(channels, narrow, 1)
        self.key = nn.Conv2d(channels, narrow, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.strength = nn.Parameter(torch.zeros(()))

    def weights(self, maps: Tensor) -> Tensor:
        """Returns (n, places, places): the attention of each location (row) to each other one; rows sum to 1."""
        query, key = self.query(maps).flatten(2), self.key(maps).flatten(2)  # n, narrow, places
        logits = query.transpose(1, 2) @ key / query.shape[1] ** 0.5
        return logits.float().softmax(2)

    def forward(self, maps: Tensor) -> Tensor:
        """Returns the maps with the weighted sum added."""
        values = self.value(maps).flatten(2)
        gathered = values @ self.weights(maps).to(values.dtype).transpose(1, 2)
        return maps + self.strength * gathered.view(maps.shape)
