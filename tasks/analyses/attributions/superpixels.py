"""Lime and KernelShap: the effect of each superpixel on an output, from images with some of them removed.

Ribeiro et al. 2016, "Why should I trust you?"; Lundberg and Lee 2017. Captum runs both an image and an output
at a time; here one set of coalitions serves all images and all outputs (tests compare with Captum to 1e-5
where both are given the same coalitions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution_maps import Function
from latent_audit.tasks.analyses.attributions.attribution_methods import Method, Read
from latent_audit.vocabulary.batches import batches

SUPERPIXELS = 16
# Weight of the empty and of the full coalition, which KernelShap must fit exactly; Captum's choice too.
_EXACT = 1_000_000.0
_LIME_WIDTH = 0.25  # kernel width and ridge penalty of the authors' own image explainer
_LIME_RIDGE = 1.0


@dataclass(frozen=True)
class Coalitions:
    """Which superpixels are kept: masks bool (s, p), each with its weight (s,) in the linear fit."""

    masks: NDArray[np.bool_]
    weights: NDArray[np.float64]
    ridge: float


def lime_coalitions(superpixels: int, samples: int, seed: int) -> Coalitions:
    """Returns random coalitions, each superpixel kept by chance 1/2, weighted by nearness to the whole image.

    Nearness: exp(-(1 - cosine)^2 / width^2) of the mask and the full mask. The first coalition is the full one.
    """
    masks = np.random.default_rng(seed).random((samples, superpixels)) < 0.5
    masks[0] = True
    cosine = np.sqrt(masks.mean(axis=1))
    return Coalitions(masks, np.exp(-(((1.0 - cosine) / _LIME_WIDTH) ** 2)), _LIME_RIDGE)


def shap_coalitions(superpixels: int, samples: int, seed: int) -> Coalitions:
    """Returns coalitions drawn from the Shapley kernel in pairs with their complements, all of one weight.

    The empty and the full coalition come first, with a weight that makes the fit exact on them, so that the
    sum over superpixels is f(image) - f(baseline).
    """
    rng = np.random.default_rng(seed)
    sizes = np.arange(1, superpixels)
    chance = (superpixels - 1) / (sizes * (superpixels - sizes))
    drawn = rng.choice(sizes, size=(samples - 1) // 2, p=chance / chance.sum())
    ranks = rng.random((len(drawn), superpixels)).argsort(axis=1).argsort(axis=1)
    some = ranks < drawn[:, None]
    masks = np.concatenate([np.zeros((1, superpixels), bool), np.ones((1, superpixels), bool), some, ~some])
    weights = np.ones(len(masks))
    weights[:2] = _EXACT
    return Coalitions(masks, weights, 0.0)


def segment(images: NDArray[np.floating], count: int = SUPERPIXELS) -> NDArray[np.int64]:
    """Returns labels (n, h, w) in 0 .. count - 1 of patches that are near and alike, from images (n, c, h, w).

    k-means over place and colour from an even grid, as in SLIC (Achanta et al. 2012); no randomness.
    """
    height, width = images.shape[-2:]
    side = int(np.ceil(np.sqrt(count)))
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    places = np.stack([rows.ravel(), columns.ravel()], axis=1)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).reshape(-1, 2)[:count]
    starts = ((grid + 0.5) / side * (height, width)).astype(int)
    labels = []
    for image in images:
        # Colour counts as much as a fifth of the image's side: patches stay compact and end at strong edges.
        points = np.concatenate([places, 0.2 * image.reshape(len(image), -1).T], axis=1)
        first = points[starts[:, 0] * width + starts[:, 1]]
        fit = KMeans(len(first), init=first, n_init=1, max_iter=10).fit(points)
        labels.append(fit.labels_.reshape(height, width))
    return np.stack(labels).astype(np.int64)


def coalition_maps(
    function: Function,
    images: Tensor,
    baseline: Tensor,
    segments: Tensor,
    coalitions: Coalitions,
    columns: Sequence[int],
    batch: int = 512,
) -> Tensor:
    """Returns (n, len(columns), c, h, w): each superpixel's coefficient, shared evenly among its values.

    Coefficients of the weighted least-squares fit of the outputs on the coalitions, with an intercept.
    segments: int64 (n, h, w); superpixels that are not kept are replaced by the baseline (c, h, w).
    """
    masks = torch.as_tensor(coalitions.masks, device=images.device)
    with torch.no_grad():
        answers = []
        per_pass = max(1, batch // max(1, len(masks)))
        for some in batches(len(images), per_pass):
            kept = masks[:, segments[some]].transpose(0, 1).unsqueeze(2)  # (m, s, 1, h, w)
            mixed = torch.where(kept, images[some].unsqueeze(1), baseline)
            outputs = function(mixed.flatten(0, 1))[:, list(columns)]
            answers.append(outputs.reshape(-1, len(masks), len(columns)))
        coefficients = _fit(torch.cat(answers), coalitions).to(images)  # (n, p, r)
    count = coefficients.shape[1]
    one_hot = torch.nn.functional.one_hot(segments, count).to(images)  # (n, h, w, p)
    sizes = one_hot.sum((1, 2)).clamp(min=1.0) * images.shape[1]
    maps = torch.einsum("nhwp,npr->nrhw", one_hot, coefficients / sizes.unsqueeze(2))
    return maps.unsqueeze(2).expand(-1, -1, images.shape[1], -1, -1).clone()


def superpixel_methods(
    read: Read, columns: Sequence[int], baseline: Tensor, samples: int, seed: int
) -> tuple[Method, ...]:
    """Returns Lime and KernelShap on superpixels for the named outputs; baseline (c, h, w)."""

    def method(name: str, coalitions: Coalitions, baselines: Tensor | None) -> Method:
        def explain(module: nn.Module, images: Tensor) -> Tensor:
            segments = torch.as_tensor(segment(images.cpu().numpy()), device=images.device)
            return coalition_maps(partial(read, module), images, baseline, segments, coalitions, columns)

        return Method(name, "share_of_change", explain, baselines)

    return (
        method("Lime", lime_coalitions(SUPERPIXELS, samples, seed), None),
        method("KernelShap", shap_coalitions(SUPERPIXELS, samples, seed), baseline.unsqueeze(0)),
    )


def _fit(answers: Tensor, coalitions: Coalitions) -> Tensor:
    """Returns coefficients (n, p, r) without the intercept, of answers (n, s, r)."""
    design = np.concatenate([np.ones((len(coalitions.masks), 1)), coalitions.masks], axis=1)
    weighted = design * coalitions.weights[:, None]
    penalty = np.eye(design.shape[1]) * coalitions.ridge
    penalty[0, 0] = 0.0
    # The pseudo-inverse: few coalitions may leave a superpixel's share open, and then it is the smallest one.
    solve = np.linalg.pinv(design.T @ weighted + penalty, hermitian=True) @ weighted.T
    found = torch.einsum("ps,nsr->npr", torch.as_tensor(solve), answers.double().cpu())
    return found[:, 1:]
