"""Finds which of our networks a file of tensors fits, by the shapes and the order of its layers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import torch
from torch import Tensor

from latent_audit.vae_models.components.choices import ConvolutionKind, NetworkKind, PosteriorLayout
from latent_audit.vae_models.components.networks import build_decoder, build_encoder
from latent_audit.vae_models.pretrained.key_map import SEPARATE

Shape = tuple[int, ...]
# Sides of square images that flat networks are commonly made for; convolutions say theirs by their number.
_SIDES = (28, 32, 64)
_PADDED_SIDES = (32, 64, 128, 256)
_KINDS: tuple[NetworkKind, ...] = ("mlp", *get_args(ConvolutionKind))
_MAX_DIMENSIONS = 4096
_ENCODERS = ("enc", "q_", "inference", "recognition")
_DECODERS = ("dec", "gen", "p_", "output")


@dataclass(frozen=True)
class Fit:
    """One way in which the tensors fill a network. names: theirs to ours, layer by layer."""

    network: NetworkKind
    latent_dim: int
    image_shape: tuple[int, int, int]
    posterior_layout: PosteriorLayout
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Layer:
    """A layer by the beginning of its name: the shapes of its weight and bias."""

    name: str
    weight: Shape
    bias: Shape | None


def fits(found: Mapping[str, Tensor], image_shape: tuple[int, int, int] | None = None) -> list[Fit]:
    """Returns every way in which tensors fit one of our networks; what shapes cannot tell gives several.

    image_shape: that of the data, if it is known. Layers are matched in the order of the file, encoder first.
    """
    layers = _layers(found)
    if layers is None:
        return []
    theirs = _halves(layers)
    ways: list[Fit] = []
    for shape in [image_shape] if image_shape else _image_shapes(layers):
        for network in _KINDS:
            for dimensions in _latent_sizes(layers):
                ways += _filled(theirs, network, dimensions, shape)
    return ways


def _layers(found: Mapping[str, Tensor]) -> list[_Layer] | None:
    """Returns the layers in the order of the file; None where a tensor is no weight or bias."""
    weights: dict[str, Shape] = {}
    biases: dict[str, Shape] = {}
    for name, tensor in found.items():
        stem, _, part = name.rpartition(".")
        if part not in ("weight", "bias") or not tensor.is_floating_point():
            return None
        (weights if part == "weight" else biases)[stem] = tuple(tensor.shape)
    if not weights or biases.keys() - weights.keys():
        return None
    names = list(weights)
    if names == sorted(names):  # a safetensors file has them by the alphabet, in which 10 comes before 2
        names.sort(key=_with_numbers)
    return [_Layer(name, weights[name], biases.get(name)) for name in names]


def _with_numbers(name: str) -> list[tuple[int, str]]:
    """Returns a key by which numbers in names count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def _halves(layers: Sequence[_Layer]) -> tuple[list[_Layer], list[_Layer]]:
    """Returns the layers of encoder and decoder: by their names, else all of them for both to choose from."""
    encoder = [layer for layer in layers if _says(layer.name, _ENCODERS) and not _says(layer.name, _DECODERS)]
    decoder = [layer for layer in layers if _says(layer.name, _DECODERS) and not _says(layer.name, _ENCODERS)]
    rest = [layer for layer in layers if layer not in encoder and layer not in decoder]
    return (encoder + rest, decoder) if encoder and decoder else (list(layers), [])


def _says(name: str, words: Sequence[str]) -> bool:
    return any(word in part for part in name.lower().split(".") for word in words)


def _image_shapes(layers: Sequence[_Layer]) -> list[tuple[int, int, int]]:
    """Returns the shapes of images that some layer may be the first for."""
    convolutions = {layer.weight[1] for layer in layers if len(layer.weight) == 4} & {1, 3}
    inputs = {layer.weight[1] for layer in layers if len(layer.weight) == 2}
    flat = [(c, side, side) for c in (1, 3) for side in _SIDES if c * side * side in inputs]
    return [(c, side, side) for c in sorted(convolutions) for side in _PADDED_SIDES] + flat


def _latent_sizes(layers: Sequence[_Layer]) -> list[int]:
    """Returns what the outputs of linear layers allow: codes and means with log variances."""
    outputs = {layer.weight[0] for layer in layers if len(layer.weight) == 2}
    inputs = {layer.weight[1] for layer in layers if len(layer.weight) == 2}
    halves = {size // 2 for size in outputs if size % 2 == 0} & inputs
    return sorted(size for size in halves | (outputs & inputs) if size <= _MAX_DIMENSIONS)


def _filled(
    theirs: tuple[list[_Layer], list[_Layer]],
    network: NetworkKind,
    dimensions: int,
    shape: tuple[int, int, int],
) -> Iterator[Fit]:
    """Yields the ways in which a network of one size is filled without a layer left over."""
    with torch.device("meta"):
        encoder = _of_module("encoder", build_encoder(network, shape, 2 * dimensions))
        decoder = _of_module("decoder", build_decoder(network, shape, dimensions))
    last = encoder[-1]
    half = (dimensions, *last.weight[1:])
    mean, log_variance = (_Layer(name, half, (dimensions,)) for name in SEPARATE)
    joint: tuple[PosteriorLayout, ...] = ("halves", "interleaved")
    names = _matched(encoder, decoder, theirs)
    if names is not None:
        yield from (Fit(network, dimensions, shape, layout, names) for layout in joint)
    for pair in ((mean, log_variance), (log_variance, mean)):
        names = _matched([*encoder[:-1], *pair], decoder, theirs)
        if names is not None:
            yield Fit(network, dimensions, shape, "separate", names)


def _of_module(part: str, module: torch.nn.Module) -> list[_Layer]:
    named = {f"{part}.{name}": tensor for name, tensor in module.state_dict().items()}
    return _layers(named) or []


def _matched(
    encoder: Sequence[_Layer], decoder: Sequence[_Layer], theirs: tuple[list[_Layer], list[_Layer]]
) -> dict[str, str] | None:
    """Returns their names with ours: the first unused layer of each shape; None where one is lacking or left over."""
    of_encoder, of_decoder = (list(half) for half in theirs)
    of_decoder = of_decoder or of_encoder
    names: dict[str, str] = {}
    for ours, pool in [(layer, of_encoder) for layer in encoder] + [(layer, of_decoder) for layer in decoder]:
        found = next(
            (layer for layer in pool if (layer.weight, layer.bias) == (ours.weight, ours.bias)), None
        )
        if found is None:
            return None
        pool.remove(found)
        names[found.name] = ours.name
    return None if of_encoder or of_decoder else names
