"""Pixels that a latent dimension changes: the decoder's Jacobian, and differences over the dimension's range."""

from collections.abc import Sequence

import torch
from torch import Tensor

from latent_audit.tasks.analyses.attributions.attribution_maps import Function


def jacobian_maps(decode: Function, latents: Tensor, dimensions: Sequence[int]) -> Tensor:
    """Returns d pixel / d z_j, (n, len(dimensions), c, h, w), per unit of z.

    decode: latents (n, d) -> images (n, c, h, w), row by row, twice differentiable. One forward pass serves
    all dimensions: its vector-Jacobian product is linear in the vector, and the derivative of that product
    is the Jacobian, a column a pass (Townsend 2017, "A new trick for calculating Jacobian vector
    products"). Plain reverse mode would need a pass a pixel; torch's forward mode needs four seconds of
    preparation before its first answer.
    """
    leaf = latents.detach().requires_grad_(True)
    with torch.enable_grad():
        images = decode(leaf)
        if not images.requires_grad:
            raise ValueError(
                "the decoder gives images without a gradient; take away the no_grad or inference_mode "
                "around it, or the detach inside it"
            )
        weights = torch.zeros_like(images, requires_grad=True)
        # A weighted sum, not grad_outputs, whose checks make torch import sympy for seconds.
        product = torch.autograd.grad((images * weights).sum(), leaf, create_graph=True)[0].sum(0)  # (d,)
        last = len(dimensions) - 1
        columns = [
            torch.autograd.grad(product[j], weights, retain_graph=place < last)[0]
            for place, j in enumerate(dimensions)
        ]
    return torch.stack(columns, dim=1)


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
