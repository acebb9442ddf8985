"""A decoder as a plain list of layers and one array of weights, so that it can run where there is no torch."""

import copy
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.vae_models.components.fast_convolutions import Upsampling
from latent_audit.vae_models.components.networks import ConvolutionHead
from latent_audit.vae_models.components.self_attention import SelfAttention

Layer = dict[str, Any]


class NoPlainForm(Exception):
    """A network has a layer that has no plain form; its text names the layer."""


@dataclass
class PlainDecoder:
    """Layers in order, each with `kind` and sizes, and the weights of all of them one after the other.

    Kinds and their weights: linear (out x in, then bias), relu, up (4x4 transposed convolution of stride 2, in x out x
    4 x 4, then bias), attention (query, key and value with their biases, strength), crop, sigmoid, noise (a fixed
    draw before the input), softmax (of some inputs, times 2 minus 1) and tanh (of half of some inputs).
    """

    layers: list[Layer] = field(default_factory=list)
    weights: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, kind: str, *tensors: Tensor | None, **sizes: int) -> None:
        """Adds a layer; a bias that is None is zero and must be given as zeros."""
        self.layers.append({"kind": kind, **sizes})
        self.weights += [
            tensor.detach().float().cpu().numpy().ravel() for tensor in tensors if tensor is not None
        ]

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
        elif isinstance(network, ConvolutionHead):
            self.add_network(network.layers)
            self.add("crop", side=network.image_side)
        elif not isinstance(network, nn.Unflatten):
            raise NoPlainForm(type(network).__name__)

    def all_weights(self) -> NDArray[np.float16]:
        """Returns the weights of all layers in half precision."""
        return np.concatenate(self.weights or [np.zeros(0, np.float32)]).astype(np.float16)


@runtime_checkable
class HasPlainDecoder(Protocol):
    """A model whose decoder has a plain form."""

    def plain_decoder(self) -> PlainDecoder:
        """Returns `decode` as a plain list of layers; raises NoPlainForm for a layer without one."""
        ...


def halved(module: nn.Module) -> nn.Module:
    """Returns a copy of a module that is rounded to half precision, as `all_weights` rounds it."""
    rounded = copy.deepcopy(module)
    with torch.no_grad():
        for tensor in (*rounded.parameters(), *rounded.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())
    return rounded
