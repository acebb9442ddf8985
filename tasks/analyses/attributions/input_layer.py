"""The input layer of a network: the layer that reads the whole image and is affine in its pixels.

Gradients behind an affine layer can be summed first and passed back to pixels once. The backward pass through a
convolution of a one-channel image costs more than the rest of a small encoder.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

Function = Callable[[Tensor], Tensor]


@contextmanager
def outputs_replaced(layer: nn.Module, change: Function) -> Iterator[None]:
    """Replaces the outputs of `layer` by `change` of them inside the block."""

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        return change(output)

    handle = layer.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def find_entrance(module: nn.Module, function: Function, images: Tensor) -> nn.Module | None:
    """Returns the first Conv2d or Linear that is an input layer of `function`, None if there is none.

    function: images (n, c, h, w) -> outputs (n, r), computed by layers of `module`. images: (n, c, h, w); whether
    a layer is one is tested on two of them and on as many of random pixels.
    """
    some = images[draw_rows(len(images), 2, 0, "entrance").tolist()]
    noise = torch.rand(some.shape, generator=torch.Generator().manual_seed(0)).to(images)
    tried = torch.cat([some, noise])
    layers = (layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear))
    return next((layer for layer in layers if _is_entrance(layer, function, tried)), None)


def gradients_through(
    entrance: nn.Module, function: Function, parts: Iterable[tuple[Tensor, Tensor]], columns: Sequence[int]
) -> Tensor:
    """Returns (n, len(columns), c, h, w): the sum over parts of weights (k,) times d output / d pixel at points
    (k, n, c, h, w), for each of the named outputs.
    """
    sums: list[Tensor] = []  # one for each column: (n, *features)
    for points, weights in parts:
        images = points[0]
        for place, gradients in enumerate(_gradients_behind(entrance, function, points, weights, columns)):
            if place == len(sums):
                sums.append(torch.zeros_like(gradients[0]))
            for gradient in gradients:
                sums[place] += gradient
    leaf = images.detach().requires_grad_(True)
    entered = _entered(entrance, function, leaf)[0]
    back = [torch.autograd.grad(entered, leaf, behind, retain_graph=True)[0] for behind in sums]
    return torch.stack(back, dim=1)


def _gradients_behind(
    entrance: nn.Module, function: Function, points: Tensor, weights: Tensor, columns: Sequence[int]
) -> Iterator[Tensor]:
    """Yields for each column the gradients (k, n, *features) at what the entrance gives, times their weights."""
    leaves: list[Tensor] = []

    def cut(output: Tensor) -> Tensor:
        layout = torch.channels_last if output.dim() == 4 else torch.contiguous_format  # faster convolutions
        leaves.append(output.detach().contiguous(memory_format=layout).requires_grad_(True))
        return leaves[0].clone()  # what follows may write in place

    with torch.enable_grad(), outputs_replaced(entrance, cut):
        outputs = function(points.flatten(0, 1)).reshape(*points.shape[:2], -1)
        totals = torch.einsum("k,knr->r", weights, outputs).unbind()
    for column in columns:
        gradient = torch.autograd.grad(totals[column], leaves[0], retain_graph=True)[0]
        yield gradient.reshape(*points.shape[:2], *gradient.shape[1:])


def _entered(layer: nn.Module, function: Function, images: Tensor) -> list[Tensor]:
    """Returns what each call of the layer gives, (n, *features), with a graph from the images."""
    seen: list[Tensor] = []

    def remember(output: Tensor) -> Tensor:
        seen.append(output)
        return output.clone()  # what follows may write in place

    with torch.enable_grad(), outputs_replaced(layer, remember):
        function(images)
    return seen


def _is_entrance(layer: nn.Module, function: Function, images: Tensor) -> bool:
    leaf = images.detach().requires_grad_(True)
    seen = _entered(layer, function, leaf)
    if len(seen) != 1 or not seen[0].requires_grad or len(seen[0]) != len(images):
        return False
    with torch.enable_grad(), outputs_replaced(layer, Tensor.detach):
        beside = function(leaf).sum()  # what reaches the outputs without passing the layer
    if beside.requires_grad and torch.autograd.grad(beside, leaf, allow_unused=True)[0] is not None:
        return False
    entered = seen[0].detach()
    halfway = _entered(layer, function, 0.5 * (images + images.flip(0)))[0].detach()
    scale = float(entered.abs().max())
    return torch.allclose(halfway, 0.5 * (entered + entered.flip(0)), rtol=0.0, atol=1e-5 * scale)
