"""Cascading weight randomisation: tests whether a map depends on the trained weights.

Adebayo et al. 2018, "Sanity checks for saliency maps": redraw the layers one after another from the output
to the input; a map that still looks the same shows the image, not the model.
"""

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerCorrelation:
    """Similarity of maps to the trained model's when `layer` and all layers after it are randomised.

    rank_correlation: Spearman, in [-1, 1], of the maps as shown; of_magnitudes: of their absolute values.
    Both are means over images; None where the trained model's maps are constant.
    """

    layer: str
    rank_correlation: float | None
    of_magnitudes: float | None


def cascade(
    module: nn.Module, run: Callable[[nn.Module], Tensor], seed: int, levels: int = 6
) -> Iterator[tuple[str, nn.Module]]:
    """Yields (layer name, module) with more and more layers randomised, output first, on one deep copy.

    run: calls the part of the module that is explained, so that only its layers count (an encoder's, not
    its decoder's). Layers are taken in the order in which the module defines them; more layers than
    `levels` are redrawn in groups, named after the one nearest the input. The same module is yielded again
    and again: use it before asking for the next. Nothing is yielded where the explained function uses no weights of
    the module.
    """
    changed = copy.deepcopy(module).eval()
    groups = _layers(changed, run)[::-1]
    generator = torch.Generator().manual_seed(seed)
    edges = np.linspace(0, len(groups), min(levels, len(groups)) + 1).round().astype(int)
    for start, stop in itertools.pairwise(edges):
        for _, parameters in groups[start:stop]:
            for parameter in parameters:
                _redraw(parameter, generator)
        yield groups[stop - 1][0], changed


def rank_correlations(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns Spearman's rank correlation of each pair of maps, over the pixels where either is not zero.

    first, second: (..., h, w). Pixels that are zero in both say nothing: a method that multiplies by the
    image is zero on a black background whatever the weights. 0 where the second is constant there, NaN
    where the first is.
    """
    shape = first.shape[:-2]
    pairs = zip(first.reshape(-1, *first.shape[-2:]), second.reshape(-1, *second.shape[-2:]), strict=True)
    return np.array([_spearman(one, other) for one, other in pairs]).reshape(shape)


def mean_known(correlations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the mean over images (n, r) -> (r,) of what is known, NaN where nothing is."""
    known = ~np.isnan(correlations)
    total = np.where(known, correlations, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _spearman(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    support = (one != 0) | (other != 0)
    first, second = one[support], other[support]
    if first.size < 3 or np.ptp(first) == 0:
        return float("nan")
    if np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _layers(module: nn.Module, run: Callable[[nn.Module], Tensor]) -> list[tuple[str, list[nn.Parameter]]]:
    """Returns the layers whose weights affect the output, with those weights, in order of definition."""
    named = dict(module.named_parameters())
    for parameter in named.values():
        parameter.requires_grad_(True)
    with torch.enable_grad():
        output = run(module).square().sum()
    if output.requires_grad:
        gradients = torch.autograd.grad(output, list(named.values()), allow_unused=True)
        used = [gradient is not None for gradient in gradients]
    else:  # code that hides its gradients, or uses no weights
        used = [_changes(module, run, parameter) for parameter in named.values()]
    layers: dict[str, list[nn.Parameter]] = {}
    for (name, parameter), is_used in zip(named.items(), used, strict=True):
        parameter.requires_grad_(False)
        if is_used:
            owner = name.split(".parametrizations.")[0] if ".parametrizations." in name else name
            layers.setdefault(owner.rpartition(".")[0] or owner, []).append(parameter)
    return list(layers.items())


def _changes(module: nn.Module, run: Callable[[nn.Module], Tensor], parameter: nn.Parameter) -> bool:
    """Returns whether a change of a parameter changes the output; the parameter is restored."""
    with torch.no_grad():
        before, kept = run(module), parameter.clone()
        parameter.add_(1.0 + parameter.abs())
        after = run(module)
        parameter.copy_(kept)
    return not torch.equal(before, after)


def _redraw(parameter: nn.Parameter, generator: torch.Generator) -> None:
    """Replaces weights by normal draws of the trained scale, which keeps the scale of activations.

    Weights (2 and more axes) get mean 0 and their root mean square; biases and gains keep their mean.
    """
    values = parameter.detach()
    draws = torch.randn(values.shape, generator=generator).to(values)
    with torch.no_grad():
        if values.ndim >= 2:
            parameter.copy_(draws * values.square().mean().sqrt())
        else:
            parameter.copy_(values.mean() + draws * values.std(correction=0))
