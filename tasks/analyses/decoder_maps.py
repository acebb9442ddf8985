"""Which pixels a latent dimension moves: the decoder's Jacobian, and differences over a dimension's range."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from tasks.analyses.attribution_maps import Function


def jacobian_maps(decode: Function, latents: Tensor, dimensions: Sequence[int]) -> Tensor:
    """Returns d pixel / d z_j, (n, len(dimensions), c, h, w), per unit of z.

    decode: latents (n, d) -> images (n, c, h, w), row by row. One forward pass in forward mode carries the
    tangents of all dimensions, where reverse mode would need a pass a pixel.
    """
    tangents = torch.eye(latents.shape[1], dtype=latents.dtype, device=latents.device)[list(dimensions)]

    def along(tangent: Tensor) -> Tensor:
        return torch.func.jvp(decode, (latents,), (tangent.expand_as(latents),))[1]

    with warnings.catch_warnings():
        # The first use of forward mode loads decompositions that torch itself still scripts.
        warnings.filterwarnings("ignore", message=".*torch.jit.script", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit.script", category=DeprecationWarning)
        changes = torch.func.vmap(along)(tangents)
    return changes.transpose(0, 1).detach()


def finite_differences(
    decode: Function, latents: Tensor, dimensions: Sequence[int], low: Tensor, high: Tensor
) -> Tensor:
    """Returns the change of pixels as z_j goes from low to high: (n, len(dimensions), c, h, w).

    low, high: (len(dimensions),) or (n, len(dimensions)), usually two quantiles of the dimension's
    aggregate posterior; the other dimensions stay.
    """
    count = len(dimensions)
    ends = []
    with torch.no_grad():
        for level in (low, high):
            moved = latents.unsqueeze(1).repeat(1, count, 1)  # (n, r, d)
            index = torch.as_tensor(list(dimensions), device=latents.device)
            values = level.to(latents).expand(len(latents), count).unsqueeze(2)
            moved.scatter_(2, index.view(1, count, 1).expand(len(latents), count, 1), values)
            images = decode(moved.flatten(0, 1))
            ends.append(images.reshape(len(latents), count, *images.shape[1:]))
    return ends[1] - ends[0]
