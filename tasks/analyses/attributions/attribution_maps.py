"""Pixel attributions of many outputs at once, from shared forward passes.

Captum explains one output a call; a latent space has ten. These compute the same sums (tests compare them
with Captum to 1e-5) with one forward pass and one backward pass an output.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.input_layer import gradients_through
from latent_audit.vocabulary.batches import batches

Function = Callable[[Tensor], Tensor]

# Images a pass: what a small network makes of them stays in a core's cache.
BATCH = 64


def shared_gradients(function: Function, inputs: Tensor, columns: Sequence[int]) -> Tensor:
    """Returns d output / d input for each named output: (n, len(columns), *input shape).

    function: inputs (n, ...) -> outputs (n, r), row by row, differentiable. One forward pass serves all.
    """
    leaf = inputs.detach().requires_grad_(True)
    with torch.enable_grad():
        outputs = function(leaf)
        if not outputs.requires_grad:
            raise ValueError(
                "the function to be explained gives outputs without a gradient; take away the no_grad or "
                "inference_mode around it, or the detach inside it"
            )
        totals = outputs[:, list(columns)].sum(0)
        last = len(columns) - 1
        gradients = [
            torch.autograd.grad(totals[i], leaf, retain_graph=i < last)[0] for i in range(len(columns))
        ]
    return torch.stack(gradients, dim=1)


def integrated_gradients(
    function: Function,
    images: Tensor,
    baseline: Tensor,
    columns: Sequence[int],
    steps: int = 24,
    batch: int = BATCH,
    entrance: nn.Module | None = None,
) -> Tensor:
    """Returns integrated gradients (n, len(columns), c, h, w), in units of the outputs.

    images: (n, c, h, w); baseline: one image (c, h, w) or one for each. Gauss-Legendre rule with `steps`
    nodes, as in Captum. Sums over pixels approach f(image) - f(baseline). entrance: see `find_entrance`; with
    it the maps are the same, and come sooner. Sundararajan et al. 2017, eq. 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    alphas = images.new_tensor(0.5 * (1.0 + nodes))
    shares = images.new_tensor(0.5 * weights)
    difference = images - baseline
    parts = (
        (baseline + alphas[some].view(-1, 1, 1, 1, 1) * difference, shares[some])
        for some in batches(steps, max(1, batch // len(images)))
    )
    return _summed_gradients(function, parts, columns, entrance) * difference.unsqueeze(1)


def expected_gradients(
    function: Function,
    images: Tensor,
    baselines: Tensor,
    coefficients: Tensor,
    noise: Tensor,
    columns: Sequence[int],
    batch: int = BATCH,
) -> Tensor:
    """Returns GradientShap attributions (n, len(columns), c, h, w), in units of the outputs.

    baselines: (n or 1, s, c, h, w) images drawn from a reference set; coefficients: (n or 1, s) uniform in
    [0, 1]; noise: (n or 1, s, c, h, w) added to the images. Every draw is an argument, so the same draws
    can be used for a second model or a perturbed image. Lundberg & Lee 2017; Erion et al. 2021, eq. 4.
    """
    noisy = images.unsqueeze(1) + noise
    difference = noisy - baselines
    path = (baselines + coefficients[:, :, None, None, None] * difference).transpose(0, 1)
    factors = difference.transpose(0, 1)
    samples = len(path)
    weights = images.new_full((samples,), 1 / samples)
    total = images.new_zeros((len(images), len(columns), *images.shape[1:]))
    for some in batches(samples, max(1, batch // len(images))):
        total += _weighted_gradients(function, path[some], weights[some], columns, factors[some])
    return total


def smooth_gradients(
    function: Function,
    images: Tensor,
    noise: Tensor,
    columns: Sequence[int],
    batch: int = BATCH,
    entrance: nn.Module | None = None,
) -> Tensor:
    """Returns signed SmoothGrad saliency (n, len(columns), c, h, w), in units of output per unit of pixel.

    noise: (n or 1, s, c, h, w), added to the images; the gradient is averaged over s. entrance: see
    `find_entrance`; with it the maps are the same, and come sooner. Smilkov et al. 2017.
    """
    points = images + noise.transpose(0, 1)
    weights = points.new_full((len(points),), 1 / len(points))
    parts = ((points[some], weights[some]) for some in batches(len(points), max(1, batch // len(images))))
    return _summed_gradients(function, parts, columns, entrance)


def occlusion(
    function: Function,
    images: Tensor,
    baseline: Tensor,
    columns: Sequence[int],
    window: int,
    stride: int,
    batch: int = BATCH,
) -> Tensor:
    """Returns occlusion attributions (n, len(columns), c, h, w), in units of the outputs.

    A square of `window` pixels, all channels, slides by `stride` (<= window) and is replaced by the
    baseline (c, h, w); a pixel's value is the mean of f(image) - f(occluded) over the squares that cover
    it. The last square of a row may reach over the edge, as in Captum. Zeiler & Fergus 2014.
    """
    if not 0 < stride <= window <= min(images.shape[-2:]):
        raise ValueError(
            f"occlusion needs 0 < stride <= window <= image size, got stride {stride}, window {window}, "
            f"images {tuple(images.shape[-2:])}"
        )
    covers = _windows(images.shape[-2], images.shape[-1], window, stride).to(images.device)
    masks = covers.to(images.dtype)
    with torch.no_grad():
        plain = function(images)[:, list(columns)]
        drops = []
        for some in batches(len(covers), max(1, batch // len(images))):
            occluded = torch.where(covers[some, None, None], baseline, images)
            outputs = function(occluded.flatten(0, 1))[:, list(columns)]
            drops.append(plain - outputs.reshape(-1, *plain.shape))
        shares = torch.einsum("pnr,phw->nrhw", torch.cat(drops), masks) / masks.sum(0)
    return shares.unsqueeze(2).expand(-1, -1, images.shape[1], -1, -1).clone()


def _summed_gradients(
    function: Function,
    parts: Iterable[tuple[Tensor, Tensor]],
    columns: Sequence[int],
    entrance: nn.Module | None,
) -> Tensor:
    """Returns (n, len(columns), c, h, w): the sum over parts of weights (k,) times the gradients at points
    (k, n, c, h, w). With an entrance, gradients are added up behind it.
    """
    if entrance is not None:
        return gradients_through(entrance, function, parts, columns)
    return sum(
        (_weighted_gradients(function, points, weights, columns) for points, weights in parts),
        start=torch.zeros(()),
    )


def _weighted_gradients(
    function: Function, points: Tensor, weights: Tensor, columns: Sequence[int], factors: Tensor | float = 1.0
) -> Tensor:
    """Returns (n, len(columns), c, h, w): sums over k of weights (k,) times factors times the gradient at points
    (k, n, c, h, w). One offset moves all k points, so that autograd adds them up before anything is written.
    """

    def moved(offset: Tensor) -> Tensor:
        outputs = function((points + factors * offset).flatten(0, 1))
        return torch.einsum("k,knr->nr", weights, outputs.reshape(*points.shape[:2], -1))

    return shared_gradients(moved, torch.zeros_like(points[0]), columns)


def _windows(height: int, width: int, window: int, stride: int) -> Tensor:
    """Returns bool (positions, h, w), true under each position of the sliding square."""
    tops = range(0, -(-(height - window) // stride) * stride + 1, stride)
    lefts = range(0, -(-(width - window) // stride) * stride + 1, stride)
    covers = torch.zeros((len(tops), len(lefts), height, width), dtype=torch.bool)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            covers[i, j, top : top + window, left : left + window] = True
    return covers.flatten(0, 1)
