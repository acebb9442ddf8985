"""Transposed convolutions written so that a CPU runs them fast, equal to torch's own to rounding.

Measured on two cores with oneDNN: a bias inside the transposed convolution costs 28 % of a training step,
since its gradient goes through a slow path; for few output channels a 2x2 convolution and pixel_shuffle
beats the transposed 4x4 one.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

# Which row of a 4x4 kernel meets input p-1 and input p, for even and for odd rows of the shuffled output.
_KERNEL_ROWS = ((2, 0), (3, 1))


class Upsampling(nn.Module):
    """Equals nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1), parameters and all.

    (n, in_channels, h, w) -> (n, out_channels, 2h, 2w).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels, 4, 4))
        self.bias = nn.Parameter(torch.empty(out_channels))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # as nn.ConvTranspose2d does
        bound = 1 / math.sqrt(out_channels * 16)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns the upsampled maps, the bias added outside the convolution."""
        outputs = functional.conv_transpose2d(inputs, self.weight, None, stride=2, padding=1)
        # In the outputs' own type: a bf16 map plus an fp32 bias would make all that follows fp32.
        return outputs.add_(self.bias.view(1, -1, 1, 1).to(outputs.dtype))


class ShuffledUpsampling(Upsampling):
    """The same map with the same parameters, computed as a 2x2 convolution and pixel_shuffle."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns the upsampled maps: each output pixel's phase is one channel of a 2x2 convolution."""
        in_channels, out_channels = self.weight.shape[:2]
        rows = torch.tensor(_KERNEL_ROWS, device=self.weight.device)
        kernel = self.weight[:, :, rows][..., rows]  # in, out, row phase, row tap, column phase, column tap
        kernel = kernel.permute(1, 2, 4, 0, 3, 5).reshape(4 * out_channels, in_channels, 2, 2)
        phases = functional.conv2d(inputs, kernel, self.bias.repeat_interleave(4), padding=1)
        return functional.pixel_shuffle(phases, 2)[:, :, 1:-1, 1:-1]


def upsampling(in_channels: int, out_channels: int) -> Upsampling:
    """Returns whichever of the two forms is faster for so many output channels."""
    return (ShuffledUpsampling if out_channels <= 3 else Upsampling)(in_channels, out_channels)
