"""A decoder as a plain list of layers and one array of weights, so that it can run where there is no torch."""

import copy
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.vae_models.components.layers.fast_convolutions import Upsampling
from latent_audit.vae_models.components.layers.residual import ResidualBlock
from latent_audit.vae_models.components.layers.self_attention import SelfAttention
from latent_audit.vae_models.components.networks import ConvolutionHead

Layer = dict[str, Any]
# Twelve bits a weight: half precision would need a third more, and images change by less than 1 of 255 either way.
LEVELS = 2047


class NoPlainForm(Exception):
    """A network has a layer that has no plain form; its text names the layer."""


@dataclass
class PlainDecoder:
    """Layers in order, each with `kind` and sizes, and the weights of all of them one after the other.

    Kinds and their weights: linear (out x in, then bias), relu, up (4x4 transposed convolution of stride 2, in x out x
    4 x 4, then bias), attention (query, key and value with their biases, strength), residual (twice a 3x3 convolution,
    out x in x 3 x 3, its bias, and factors and terms of its group normalisation where there are groups; then the
    strength), crop, sigmoid, noise (a fixed draw before the input), softmax (of some inputs, times 2 minus 1) and tanh
    (of half of some inputs).
    """

    layers: list[Layer] = field(default_factory=list)
    weights: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, kind: str, *tensors: Tensor | None, **sizes: int) -> None:
        """Adds a layer; a bias that is None is zero and must be given as zeros."""
        weights = [tensor.detach().float().cpu().numpy().ravel() for tensor in tensors if tensor is not None]
        self.layers.append({"kind": kind, "weights": sum(len(part) for part in weights), **sizes})
        self.weights += weights

    def add_network(self, network: nn.Module) -> None:
        """Adds the layers of a network.

        Raises:
            NoPlainForm: it has a layer of another kind.
        """
        if isinstance(network, nn.Sequential):
            for layer in network:
                self.add_network(layer)
        elif isinstance(network, nn.Linear):
            bias = network.weight.new_zeros(network.out_features) if network.bias is None else network.bias
            self.add("linear", network.weight, bias, inputs=network.in_features, outputs=network.out_features)
        elif isinstance(network, nn.ReLU):
            self.add("relu")
        elif isinstance(network, Upsampling):
            inputs, outputs = network.weight.shape[:2]
            self.add("up", network.weight, network.bias, inputs=inputs, outputs=outputs)
        elif isinstance(network, SelfAttention):
            parts = (network.query, network.key, network.value)
            tensors = [tensor for part in parts for tensor in (part.weight, part.bias)]
            narrow, channels = network.query.weight.shape[:2]
            self.add("attention", *tensors, network.strength, channels=channels, narrow=narrow)
        elif isinstance(network, ResidualBlock):
            weights = network.branch.parameters()  # of each layer its weight, then its bias
            self.add("residual", *weights, network.strength, channels=network.channels, groups=network.groups)
        elif isinstance(network, ConvolutionHead):
            self.add_network(network.layers)
            self.add("crop", side=network.image_side)
        elif not isinstance(network, nn.Unflatten):
            raise NoPlainForm(type(network).__name__)

    def packed_weights(self) -> NDArray[np.uint8]:
        """Returns the weights of all tensors in 12 bits, two in three bytes, the low bits of the first one first.

        A tensor's weights are whole multiples of its step (`steps`), from -2047 to 2047, stored plus 2048.
        """
        levels = [_levels(weights, step) for weights, step in zip(self.weights, self.steps(), strict=True)]
        codes = np.concatenate([np.zeros(0, np.int64), *levels]) + LEVELS + 1
        first, second = np.append(codes, np.zeros(len(codes) % 2, np.int64)).reshape(-1, 2).T
        pairs = first | second << 12
        return np.stack([pairs & 255, pairs >> 8 & 255, pairs >> 16], axis=1).astype(np.uint8).ravel()

    def steps(self) -> list[float]:
        """Returns the step of each tensor: its largest absolute weight is 2047 of them."""
        return [_step(weights) for weights in self.weights]

    def sizes(self) -> list[int]:
        """Returns how many weights each tensor has, in the order of the layers."""
        return [len(weights) for weights in self.weights]


@runtime_checkable
class HasPlainDecoder(Protocol):
    """A model whose decoder has a plain form."""

    def plain_decoder(self) -> PlainDecoder:
        """Returns `decode` as a plain list of layers; raises NoPlainForm for a layer without one."""
        ...


def rounded(module: nn.Module) -> nn.Module:
    """Returns a copy of a module whose tensors are rounded as `packed_weights` rounds them."""
    copied = copy.deepcopy(module)
    with torch.no_grad():
        for tensor in (*copied.parameters(), *copied.buffers()):
            if tensor.is_floating_point():
                weights = tensor.detach().float().cpu().numpy().ravel()
                step = _step(weights)
                values = (_levels(weights, step) * step).astype(np.float32)
                tensor.copy_(torch.from_numpy(values).view(tensor.shape))
    return copied


def _step(weights: NDArray[np.float32]) -> float:
    largest = float(np.abs(weights).max(initial=0.0))
    return largest / LEVELS if largest > 0.0 else 1.0


def _levels(weights: NDArray[np.float32], step: float) -> NDArray[np.int64]:
    return np.rint(weights.astype(np.float64) / step).astype(np.int64)
