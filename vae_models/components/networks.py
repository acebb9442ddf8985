"""Encoder and decoder networks: image -> features -> outputs, and back.

mlp: Kingma & Welling 2014 scaled up (512-256), or other widths; without a hidden layer it is linear. burgess: Burgess
et al. 2018 (32 channels throughout, two fully connected layers of 256). locatello: Locatello et al. 2019 (32, 32, 64,
64; one of 256). attention: the latter with self-attention where its maps are 8x8 (Zhang et al. 2019). residual: the
same convolutions, of a width that is set, with residual blocks between them (residual.py).
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from latent_audit.vae_models.components.choices import ConvolutionKind, NetworkKind, ResidualSize
from latent_audit.vae_models.components.layers.fast_convolutions import Upsampling, upsampling
from latent_audit.vae_models.components.layers.residual import residual_blocks, residual_channels
from latent_audit.vae_models.components.layers.self_attention import ATTENTION_SIDE, SelfAttention
from latent_audit.vae_models.errors import BadSettings

# Sides at which convolutions work; images between two of them get a black rim.
_SIDES = (32, 64, 128, 256)
_HIDDEN: dict[NetworkKind, tuple[int, ...]] = {
    "mlp": (512, 256),
    "burgess": (256, 256),
    "locatello": (256,),
    "attention": (256,),
    "residual": (256,),
}
# What follows a convolution that gives maps of (side, channels).
Between = Callable[[int, int], list[nn.Module]]


def nothing_between(side: int, channels: int) -> list[nn.Module]:
    """Returns no layers."""
    return []


def _attention_between(side: int, channels: int) -> list[nn.Module]:
    return [SelfAttention(channels)] if side == ATTENTION_SIDE else []


def padded_size(image_shape: tuple[int, int, int]) -> int:
    """Returns the side to which images are padded: the next of 32, 64, 128 and 256 pixels; refuses larger images."""
    channels, height, width = image_shape
    if channels not in (1, 3) or height != width or height > _SIDES[-1]:
        raise BadSettings(
            f"convolutional networks take square images of at most {_SIDES[-1]} pixels a side with 1 or 3 channels, "
            f"got {channels} of {height}x{width}: resize the images with data.image_size, or use network mlp"
        )
    return next(side for side in _SIDES if side >= height)


def channels_for(kind: ConvolutionKind, image_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """Returns the output channels of each convolution, down to maps of 4x4."""
    layers = padded_size(image_shape).bit_length() - 3
    return (32,) * layers if kind == "burgess" else (*(32,) * (layers - 2), 64, 64)


def with_rim(images: Tensor, size: int) -> Tensor:
    """Returns images (n, c, h, w) padded with black to `size` pixels per side."""
    missing = size - images.shape[-1]
    before = missing // 2
    return functional.pad(images, (before, missing - before) * 2) if missing else images


def without_rim(outputs: Tensor, side: int) -> Tensor:
    """Returns the middle of outputs, `side` pixels wide and high."""
    before = (outputs.shape[-1] - side) // 2
    return outputs[..., before : before + side, before : before + side]


def dense_layers(sizes: tuple[int, ...]) -> list[nn.Module]:
    """Returns Linear and ReLU for each step of `sizes`."""
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(sizes):
        layers += [nn.Linear(wide, narrow), nn.ReLU(inplace=True)]
    return layers


def initialise_for_relu(module: nn.Module) -> None:
    """Redraws weights so that signals keep their size through ReLUs (He et al. 2015), biases zero.

    With torch's own, smaller initial weights a supervised trunk spends its first thousand steps on growing.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | Upsampling):
            inputs = layer.weight[0].numel()
            if isinstance(layer, Upsampling):  # stride 2: each output pixel meets a quarter of the 4x4 taps
                inputs = layer.weight.shape[0] * 4
            nn.init.normal_(layer.weight, std=(2 / inputs) ** 0.5)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class ConvolutionTrunk(nn.Module):
    """4x4 convolutions of stride 2, each with ReLU: (n, c, h, w) -> (n, features).

    Images of another side than `size` are padded to it with black.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        channels: tuple[int, ...],
        between: Between = nothing_between,
    ) -> None:
        super().__init__()
        self.padded_side = size = padded_size(image_shape)
        layers: list[nn.Module] = []
        side = size
        for before, after in zip((image_shape[0], *channels[:-1]), channels, strict=True):
            layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
            side //= 2
            layers += between(side, after)
        self.layers = nn.Sequential(*layers)
        self.side = size >> len(channels)
        self.features = channels[-1] * self.side**2

    def forward(self, images: Tensor) -> Tensor:
        """Returns (n, features), flattened maps of the last convolution."""
        return self.layers(self.padded(images)).flatten(1)

    def padded(self, images: Tensor) -> Tensor:
        """Returns images with a black rim where they are smaller than `padded_side`; channels last in memory."""
        return with_rim(images, self.padded_side).contiguous(memory_format=torch.channels_last)

    def attention(self, images: Tensor) -> tuple[Tensor, float] | None:
        """Returns the attention block's weights (n, 64, 64) over the places of its 8x8 maps of the padded images, and
        its strength; None for a trunk without one.
        """
        return _attention(self.layers, self.padded(images))


def _attention(layers: nn.Sequential, maps: Tensor) -> tuple[Tensor, float] | None:
    for layer in layers:
        if isinstance(layer, SelfAttention):
            return layer.weights(maps), float(layer.strength.detach())
        maps = layer(maps)
    return None


class ConvolutionHead(nn.Module):
    """Mirror of ConvolutionTrunk: (n, features) -> (n, c, h, w) unbounded outputs."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        channels: tuple[int, ...],
        between: Between = nothing_between,
    ) -> None:
        super().__init__()
        self.image_side, self.padded_side = image_shape[1], padded_size(image_shape)
        self.side = self.padded_side >> len(channels)
        self.channels = channels[-1]
        self.features = channels[-1] * self.side**2
        layers = between(self.side, channels[-1])
        upward = (*reversed(channels), image_shape[0])
        side = self.side
        for before, after in pairwise(upward):
            layers += [upsampling(before, after), nn.ReLU(inplace=True)]
            side *= 2
            layers += between(side, after)
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """Returns pixel outputs, cropped where the images are smaller than the maps."""
        return self.cropped(self.layers(self._maps(features)))

    def _maps(self, features: Tensor) -> Tensor:
        maps = features.view(-1, self.channels, self.side, self.side)
        return maps.contiguous(memory_format=torch.channels_last)

    def attention(self, features: Tensor) -> tuple[Tensor, float] | None:
        """Returns the weights (n, 64, 64) of the attention block over the places of its 8x8 maps of the padded pictures
        that features (n, features) become, and its strength; None for a head without one.
        """
        return _attention(self.layers, self._maps(features))

    def cropped(self, outputs: Tensor) -> Tensor:
        """Returns outputs without the rim that the images do not have."""
        return without_rim(outputs, self.image_side)


def convolutions(
    kind: NetworkKind, image_shape: tuple[int, int, int], size: ResidualSize | None = None
) -> tuple[tuple[int, ...], Between]:
    """Returns the output channels of each strided convolution of a network, and what stands between them.

    size: of a residual network, its default where None.
    """
    if kind == "residual":
        size = size or ResidualSize()
        return residual_channels(size, padded_size(image_shape)), partial(residual_blocks, size)
    channels = channels_for("burgess" if kind == "burgess" else "locatello", image_shape)
    return channels, _attention_between if kind == "attention" else nothing_between


def build_encoder(
    kind: NetworkKind,
    image_shape: tuple[int, int, int],
    outputs: int,
    widths: tuple[int, ...] | None = None,
    size: ResidualSize | None = None,
) -> nn.Module:
    """Returns a network (n, c, h, w) -> (n, outputs).

    widths: of its fully connected layers; None: the kind's own. size: of network residual; None: its defaults.
    """
    hidden = _HIDDEN[kind] if widths is None else widths
    if kind == "mlp":
        channels, height, width = image_shape
        front: nn.Module = nn.Flatten()
        features = channels * height * width
    else:
        front = ConvolutionTrunk(image_shape, *convolutions(kind, image_shape, size))
        features = front.features
    sizes = (features, *hidden)
    return nn.Sequential(front, *dense_layers(sizes), nn.Linear(sizes[-1], outputs))


def build_decoder(
    kind: NetworkKind,
    image_shape: tuple[int, int, int],
    inputs: int,
    widths: tuple[int, ...] | None = None,
    size: ResidualSize | None = None,
) -> nn.Module:
    """Returns a network (n, inputs) -> (n, c, h, w) unbounded outputs, the mirror of the encoder of these sizes."""
    hidden = tuple(reversed(_HIDDEN[kind] if widths is None else widths))
    if kind == "mlp":
        channels, height, width = image_shape
        sizes = (inputs, *hidden)
        last = nn.Linear(sizes[-1], channels * height * width)
        return nn.Sequential(*dense_layers(sizes), last, nn.Unflatten(1, image_shape))
    head = ConvolutionHead(image_shape, *convolutions(kind, image_shape, size))
    return nn.Sequential(*dense_layers((inputs, *hidden, head.features)), head)
