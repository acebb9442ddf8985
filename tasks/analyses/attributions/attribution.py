"""Pixel attributions with their sanity checks.

Encoder, classifier and discriminator are explained by their pixels, the decoder by its Jacobian. Each map
comes with its checks; a map that stays the same under randomised weights is marked not faithful.
"""

import copy
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution_methods import Method, MethodSettings, Read
from latent_audit.tasks.analyses.attributions.attribution_record import (
    Attribution,
    Measured,
    Subjects,
    assemble,
    randomised_rows,
)
from latent_audit.tasks.analyses.attributions.decoder_maps import finite_differences, jacobian_maps
from latent_audit.tasks.analyses.attributions.faithfulness import (
    completeness_gap,
    max_sensitivities,
    unexplained_shares,
)
from latent_audit.tasks.analyses.attributions.weight_randomisation import (
    cascade,
    mean_known,
    rank_correlations,
)
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows


def explain_pixels(
    module: nn.Module,
    read: Read,
    subjects: Subjects,
    methods: Sequence[Method],
    images: NDArray[np.uint8],
    baseline: NDArray[np.float32],
    seed: int,
    depth: MethodSettings | None = None,
    masks: NDArray[np.bool_] | None = None,
) -> tuple[Attribution, ...]:
    """Returns one Attribution per method and subject, for outputs of images.

    read: (module, images float32 (n, c, h, w) in [0, 1]) -> outputs (n, r), row by row, differentiable; it
    runs on deep copies of the module in eval mode, on the module's device. methods: from
    `encoder_methods` and its neighbours, with the same read, columns and baseline (c, h, w). masks: bool
    (n, h, w), where the object is.
    """
    depth = depth or MethodSettings()
    model = frozen_copy(module)
    pixels = as_pixels(images, model)
    empty = torch.as_tensor(baseline).to(pixels)
    columns = list(subjects.columns)
    some = draw_rows(len(pixels), depth.layer_images, seed, "layers").tolist()
    found = []
    for method in methods:
        maps = method.explain(model, pixels)
        with torch.no_grad():
            outputs = read(model, pixels)[:, columns]
            start = None if method.baselines is None else read(model, method.baselines)[:, columns].mean(0)
        gap = None if start is None else completeness_gap(maps, outputs, start).abs().mean(0)
        layers, randomised = _cascade(
            module, lambda m: read(m, pixels[some]), method.explain, pixels, maps, seed, depth
        )
        found.append(
            Measured(
                method.name,
                _shown(maps),
                unexplained_shares(
                    partial(read, model), pixels, empty, maps, columns, method.scale, seed, depth.removals
                ),
                _sensitivity(partial(method.explain, model), pixels, len(columns), seed, depth),
                layers,
                None if gap is None else gap.double().cpu().numpy(),
                randomised,
            )
        )
    return _all(subjects, found, images, masks, seed, depth)


def explain_decoder(
    module: nn.Module,
    decode: Read,
    subjects: Subjects,
    latents: NDArray[np.floating],
    aggregate: NDArray[np.floating],
    images: NDArray[np.uint8],
    seed: int,
    depth: MethodSettings | None = None,
    masks: NDArray[np.bool_] | None = None,
    *,
    has_gradient: bool = True,
) -> tuple[Attribution, ...]:
    """Returns two Attributions per latent dimension, or one if decode has no gradient: change of pixels by it.

    decode: (module, latents (n, d)) -> images (n, c, h, w). latents: posterior means of `images`;
    aggregate: posterior means (m, d) of many images, which say how far a dimension goes. "Jacobian" is the
    slope, per standard deviation of the dimension; its infidelity is the share of the true change over half
    of one up that the straight line misses. "FiniteDifference" is the change from the 10 % to the 90 %
    quantile, which is exact and so has no infidelity.
    """
    depth = depth or MethodSettings()
    model = frozen_copy(module)
    like = as_pixels(images, model)
    codes = torch.as_tensor(np.asarray(latents, dtype=np.float32)).to(like.device)
    columns = list(subjects.columns)
    reach = np.asarray(aggregate, dtype=np.float64)[:, columns]
    units = torch.as_tensor(reach.std(axis=0)).to(like)
    low, high = torch.as_tensor(np.quantile(reach, (0.1, 0.9), axis=0)).to(like)

    def slopes(decoder: nn.Module, at: Tensor) -> Tensor:
        return jacobian_maps(partial(decode, decoder), at, columns) * units.view(1, -1, 1, 1, 1)

    def differences(decoder: nn.Module, at: Tensor) -> Tensor:
        return finite_differences(partial(decode, decoder), at, columns, low, high)

    some = draw_rows(len(codes), depth.layer_images, seed, "layers").tolist()
    found = []
    for name, explain in (("Jacobian", slopes), ("FiniteDifference", differences)):
        if explain is slopes and not has_gradient:
            continue
        maps = explain(model, codes)
        missed = np.full(tuple(maps.shape[:2]), np.nan)
        if explain is slopes:
            missed = _nonlinearity(partial(decode, model), codes, maps, columns, units)
        sensitivity = _sensitivity(partial(explain, model), codes, len(columns), seed, depth)
        layers, randomised = _cascade(
            module, lambda m: decode(m, codes[some]), explain, codes, maps, seed, depth
        )
        found.append(Measured(name, _shown(maps), missed, sensitivity, layers, None, randomised))
    return _all(subjects, found, images, masks, seed, depth)


def as_pixels(images: NDArray[np.uint8], module: nn.Module) -> Tensor:
    """Returns float32 images in [0, 1] on the module's device."""
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    return torch.as_tensor(np.ascontiguousarray(images)).to(device).float() / 255.0


def frozen_copy(module: nn.Module) -> nn.Module:
    """Returns a deep copy in eval mode whose weights require no gradients; the original is unchanged."""
    return copy.deepcopy(module).eval().requires_grad_(False)


def _all(
    subjects: Subjects,
    found: Sequence[Measured],
    images: NDArray[np.uint8],
    masks: NDArray[np.bool_] | None,
    seed: int,
    depth: MethodSettings,
) -> tuple[Attribution, ...]:
    return tuple(
        attribution
        for measured in found
        for attribution in assemble(subjects, measured, found, images, masks, seed, depth)
    )


def _shown(maps: Tensor) -> NDArray[np.float32]:
    return maps.sum(2).float().cpu().numpy()


def _sensitivity(
    explain: Callable[[Tensor], Tensor], inputs: Tensor, outputs: int, seed: int, depth: MethodSettings
) -> NDArray[np.float64]:
    some = draw_rows(len(inputs), depth.sensitivity_images, seed, "sensitivity").tolist()
    return max_sensitivities(
        explain, inputs[some], outputs, seed, depth.sensitivity_radius, depth.sensitivity_draws
    )


def _cascade(
    module: nn.Module,
    run: Callable[[nn.Module], Tensor],
    explain: Read,
    inputs: Tensor,
    maps: Tensor,
    seed: int,
    depth: MethodSettings,
) -> tuple[list[tuple[str, NDArray[np.float64], NDArray[np.float64]]], NDArray[np.float32]]:
    """Returns per layer the mean rank correlation over images, (r,) signed and of magnitudes; and the last maps
    (m, r, h, w), of the wholly randomised module and the images of `randomised_rows`; no layers, and maps of NaN,
    where the function uses no weights.
    """
    some = randomised_rows(len(inputs), seed, depth).tolist()
    trained = _shown(maps[some])
    other = np.full_like(trained, np.nan)
    layers = []
    for layer, redrawn in cascade(module, run, seed, depth.randomisation_levels):
        other = _shown(explain(redrawn, inputs[some]))
        signed = rank_correlations(trained, other)
        magnitudes = rank_correlations(np.abs(trained), np.abs(other))
        layers.append((layer, mean_known(signed), mean_known(magnitudes)))
    return layers, other


def _nonlinearity(
    decode: Callable[[Tensor], Tensor],
    codes: Tensor,
    maps: Tensor,
    columns: Sequence[int],
    units: Tensor,
) -> NDArray[np.float64]:
    """Returns (n, r) in [0, 1]: share of the squared change over half a unit that the Jacobian misses.

    NaN where nothing moves. units: (r,).
    """
    shares = []
    with torch.no_grad():
        start = decode(codes)
        for place, column in enumerate(columns):
            moved = codes.clone()
            moved[:, column] += 0.5 * units[place]
            change = (decode(moved) - start).flatten(1)
            missed = (change - 0.5 * maps[:, place].flatten(1)).square().mean(1)
            total = change.square().mean(1)
            # Below a root mean square of 1e-5 (a four-hundredth of a grey level) fp32 rounding answers.
            known = total > 1e-10
            share = (missed / torch.where(known, total, torch.ones_like(total))).clamp(0.0, 1.0)
            shares.append(torch.where(known, share, torch.full_like(share, torch.nan)))
    return torch.stack(shares, dim=1).double().cpu().numpy()
