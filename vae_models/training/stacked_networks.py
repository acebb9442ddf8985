"""Computes several networks of one architecture as one: grouped convolutions, batched matrix products.

A stack of k networks keeps each parameter of all of them in one tensor, joined along the first axis.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_audit.vae_models.components.layers.fast_convolutions import FoldedUpsampling, Upsampling
from latent_audit.vae_models.components.layers.residual import ResidualBlock
from latent_audit.vae_models.components.networks import ConvolutionHead, ConvolutionTrunk
from latent_audit.vae_models.errors import BadSettings

State = Mapping[str, Tensor]


def stacked_state(modules: Sequence[nn.Module]) -> dict[str, Tensor]:
    """Returns every parameter of modules of one architecture, by name, joined along the first axis.

    Raises BadSettings for a layer that cannot be stacked.
    """
    for layer in modules[0].modules():
        if type(layer) not in _FORWARD:
            raise BadSettings(
                f"models with {type(layer).__name__} layers cannot be trained in one step: train them one by one"
            )
    states = [dict(module.named_parameters()) for module in modules]
    return {name: torch.cat([state[name].detach() for state in states]) for name in states[0]}


def stacked_forward(module: nn.Module, state: State, count: int, inputs: Tensor) -> Tensor:
    """Returns the outputs of `count` networks like `module`, with parameters in `state`, for inputs (count, n, ...)."""
    return _FORWARD[type(module)](module, state, count, inputs)


def _below(state: State, name: str) -> State:
    return {
        key.removeprefix(f"{name}."): tensor for key, tensor in state.items() if key.startswith(f"{name}.")
    }


def _sequential(module: nn.Sequential, state: State, count: int, inputs: Tensor) -> Tensor:
    for name, child in module.named_children():
        inputs = stacked_forward(child, _below(state, name), count, inputs)
    return inputs


def _linear(module: nn.Linear, state: State, count: int, inputs: Tensor) -> Tensor:
    weight = state["weight"].view(count, module.out_features, module.in_features)
    return torch.baddbmm(state["bias"].view(count, 1, module.out_features), inputs, weight.mT)


def _convolution(module: nn.Conv2d, state: State, count: int, maps: Tensor) -> Tensor:
    # Maps here and below are (n, count * channels, h, w), which is what grouped convolutions take.
    stride, padding = module.stride, module.padding
    return functional.conv2d(maps, state["weight"], state["bias"], stride, padding, groups=count)


def _upsampling(module: Upsampling, state: State, count: int, maps: Tensor) -> Tensor:
    return functional.conv_transpose2d(
        maps, state["weight"], state["bias"], stride=2, padding=1, groups=count
    )


def _group_norm(module: nn.GroupNorm, state: State, count: int, maps: Tensor) -> Tensor:
    return functional.group_norm(maps, count * module.num_groups, state["weight"], state["bias"], module.eps)


def _residual(module: ResidualBlock, state: State, count: int, maps: Tensor) -> Tensor:
    branch = stacked_forward(module.branch, _below(state, "branch"), count, maps)
    strength = state["strength"].repeat_interleave(maps.shape[1] // count).view(1, -1, 1, 1)
    return torch.addcmul(maps, branch, strength.to(branch.dtype)).relu()


def _trunk(module: ConvolutionTrunk, state: State, count: int, images: Tensor) -> Tensor:
    maps = module.padded(images.transpose(0, 1).flatten(1, 2))
    maps = stacked_forward(module.layers, _below(state, "layers"), count, maps)
    return _models_first(maps, count).flatten(2)


def _head(module: ConvolutionHead, state: State, count: int, features: Tensor) -> Tensor:
    maps = features.transpose(0, 1).reshape(-1, count * module.channels, module.side, module.side)
    maps = maps.contiguous(memory_format=torch.channels_last)
    outputs = stacked_forward(module.layers, _below(state, "layers"), count, maps)
    return _models_first(module.cropped(outputs), count)


def _models_first(maps: Tensor, count: int) -> Tensor:
    """Returns (count, n, channels, h, w) of maps (n, count * channels, h, w)."""
    return maps.reshape(len(maps), count, -1, *maps.shape[2:]).transpose(0, 1)


def _relu(module: nn.ReLU, state: State, count: int, inputs: Tensor) -> Tensor:
    return inputs.relu()


def _flatten(module: nn.Flatten, state: State, count: int, images: Tensor) -> Tensor:
    return images.flatten(2)


def _unflatten(module: nn.Unflatten, state: State, count: int, outputs: Tensor) -> Tensor:
    return outputs.reshape(*outputs.shape[:2], *module.unflattened_size)


_FORWARD: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.Sequential: _sequential,
    nn.Linear: _linear,
    nn.ReLU: _relu,
    nn.Flatten: _flatten,
    nn.Unflatten: _unflatten,
    nn.Conv2d: _convolution,
    ConvolutionTrunk: _trunk,
    ConvolutionHead: _head,
    Upsampling: _upsampling,
    FoldedUpsampling: _upsampling,
    nn.GroupNorm: _group_norm,
    ResidualBlock: _residual,
}
