"""Applies trained models to whole data sets: arrays in, arrays out, by batch on the model's device.

In fp32, unless a caller says otherwise: where thousands of moved images are read for a mean, as interventions do, the
third digit of one of them decides nothing, and bf16 is half again as fast.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.vae_models.components.choices import Precision
from latent_audit.vae_models.decoder_noise import NoisyDecoder, draw_noise
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.training.precision import autocast, use_bfloat16
from latent_audit.vocabulary.batches import batches

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes

_BATCH = 1000
# Of larger images fewer are computed at once: their layers would fill the memory, and small batches are faster.
_LARGE, _PIXELS_AT_ONCE = 64 * 64, 64 * 128 * 128


def at_once(most: int, image_shape: Sequence[int]) -> int:
    """Returns how many images (c, h, w) are computed at once, at most `most`."""
    pixels = image_shape[-2] * image_shape[-1]
    return most if pixels <= _LARGE else max(1, min(most, _PIXELS_AT_ONCE // pixels))


def encode_images(
    model: Model, images: NDArray[np.uint8] | NDArray[np.float32], batch_size: int = _BATCH
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns posterior means and log variances, float32 (n, latent_dim), of images as in `classify_images`."""

    def both(pixels: Tensor) -> Tensor:
        return torch.cat(model.encode(pixels), 1)

    codes = _batched(model, both, images, at_once(batch_size, images.shape))
    return codes[:, : model.latent_dim], codes[:, model.latent_dim :]


def decode_latents(
    model: Model,
    latents: NDArray[np.float32],
    batch_size: int = _BATCH,
    *,
    rows: NDArray[np.integer] | None = None,
    noise_seed: int = 0,
    precision: Precision = "fp32",
) -> NDArray[np.float32]:
    """Returns images float32 (n, c, h, w) in [0, 1] of latents (n, latent_dim).

    rows: (n,) numbers, 0 or more; a model whose decoder takes noise decodes each code with `draw_noise` of its row
    and of `noise_seed`. Without them, and of a model without noise, `model.decode(latents)`: of a model with noise one
    draw for all images, which may be shown, and must not be judged.
    """
    batch_size = at_once(batch_size, model.image_shape)
    if rows is None or not isinstance(model, NoisyDecoder):
        return _batched(model, model.decode, latents, batch_size, precision)
    noise = draw_noise(rows, model.noise_dimensions, noise_seed)
    return decode_with_noise(model, latents, noise, batch_size, precision=precision)


def decode_with_noise(
    model: NoisyDecoder,
    latents: NDArray[np.float32],
    noise: NDArray[np.float32],
    batch_size: int = _BATCH,
    *,
    precision: Precision = "fp32",
) -> NDArray[np.float32]:
    """Returns images float32 (n, c, h, w) in [0, 1] of latents (n, latent_dim) and noise (n, noise_dimensions)."""
    size = latents.shape[1]

    def decode(both: Tensor) -> Tensor:
        return model.decode(both[:, :size], both[:, size:])

    return _batched(model, decode, np.concatenate([latents, noise], axis=1), batch_size, precision)


def decoder_of(
    model: Model, precision: Precision = "fp32"
) -> Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]]:
    """Returns `decode(latents, rows)` of a model for analyses that judge its images: each with its row's noise."""
    return lambda latents, rows: decode_latents(model, latents, rows=rows, precision=precision)


def classify_images(
    classifier: "ReadsAttributes",
    images: NDArray[np.uint8] | NDArray[np.float32],
    batch_size: int = _BATCH,
    *,
    precision: Precision = "fp32",
) -> NDArray[np.float32]:
    """Returns responses float32 (n, R) of images uint8, or float32 in [0, 1], of shape (n, c, h, w)."""
    return _batched(classifier, classifier.responses, images, at_once(batch_size, images.shape), precision)


def classifier_outputs(
    classifier: "ReadsAttributes",
    images: NDArray[np.uint8] | NDArray[np.float32],
    batch_size: int = _BATCH,
) -> NDArray[np.float32]:
    """Returns the heads' outputs float32 (n, R), logits and standardised values; images as in `classify_images`."""
    return _batched(classifier, classifier, images, at_once(batch_size, images.shape))


def classifier_features(
    classifier: "ReadsAttributes",
    images: NDArray[np.uint8] | NDArray[np.float32],
    batch_size: int = _BATCH,
) -> NDArray[np.float32]:
    """Returns features float32 (n, hidden), the layer under the heads, of images as in `classify_images`."""
    return _batched(classifier, classifier.features, images, at_once(batch_size, images.shape))


def pixels_for(model: object, images: NDArray[np.uint8]) -> Tensor:
    """Returns images uint8 (n, c, h, w) as pixels float32 in [0, 1] on a model's device."""
    assert isinstance(model, nn.Module)
    # A copy, since torch wants memory that it may write to, and images may be a file's.
    return torch.from_numpy(np.array(images, order="C")).to(next(model.parameters()).device).float() / 255


def _batched(
    module: object,
    function: Callable[[Tensor], Tensor],
    rows: NDArray[np.uint8] | NDArray[np.float32],
    batch_size: int,
    precision: Precision = "fp32",
) -> NDArray[np.float32]:
    assert isinstance(module, nn.Module)
    device = next(module.parameters()).device
    parts = []
    with torch.no_grad(), autocast(device, use_bfloat16(precision, device)):
        for some in batches(len(rows), batch_size):
            # A copy, since torch wants memory that it may write to, and rows may be a file's.
            batch = torch.from_numpy(np.array(rows[some], order="C")).to(device)
            batch = (
                batch.to(torch.float32).div_(255) if batch.dtype == torch.uint8 else batch.to(torch.float32)
            )
            parts.append(function(batch).float().cpu())
    return torch.cat(parts).numpy()
