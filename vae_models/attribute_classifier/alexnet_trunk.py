"""AlexNet's convolutions (Krizhevsky et al. 2012, as in torchvision) as an alternative trunk: larger and slower
than the compact trunk, and different in every layer, so that verdicts need not depend on one architecture.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

# The smallest image that AlexNet's five convolutions and three poolings leave a pixel of.
_SIDE = 64
_FEATURES = 256


class AlexNetTrunk(nn.Module):
    """(n, c, h, w) in [0, 1] -> (n, hidden), c = 1 or 3; trained from scratch, smaller images enlarged to 64."""

    def __init__(self, image_shape: tuple[int, int, int], hidden: int) -> None:
        super().__init__()
        from torchvision.models import alexnet  # here: it takes two seconds, and few ask for it

        self.convolutions = alexnet(weights=None).features
        self.combine = nn.Linear(_FEATURES, hidden)
        self.grey = image_shape[0] == 1

    def forward(self, images: Tensor) -> Tensor:
        """Returns (n, hidden) features, not negative."""
        if min(images.shape[-2:]) < _SIDE:
            images = functional.interpolate(images, size=(_SIDE, _SIDE), mode="bilinear", align_corners=False)
        if self.grey:
            images = images.expand(-1, 3, -1, -1)
        maps = self.convolutions(images.contiguous(memory_format=torch.channels_last))
        return self.combine(maps.amax((2, 3))).relu()
