"""What an imported model can be asked: whether gradients pass through it, and whether its weights decide."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tasks.analyses.import_check import ImportCheck, Reading, check
from tasks.analyses.plain import to_plain
from tasks.arrays import read_json, write_json
from tasks.records import Artifact
from vae_models.errors import BadCheckpoint
from vae_models.foreign_model import ForeignModel
from vae_models.inference import decode_latents, encode_images
from vae_models.model import Model

CHECK_FILE = "import_check.json"
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
_NO_GRADIENT = (
    "no gradient passes through {part} of this model (its code may use torch.no_grad, detach, or leave torch), so "
    "{what} not applicable"
)
_NO_WEIGHTS = (
    "{what} of this model do not depend on torch weights, so an untrained {part} as control is not applicable"
)


@dataclass(frozen=True)
class Reach:
    """What a model allows: gradients through encode and decode, and weights that codes and images depend on."""

    encoder_gradients: bool = True
    decoder_gradients: bool = True
    codes_by_weights: bool = True
    images_by_weights: bool = True

    def without_gradients(self) -> tuple[str, ...]:
        """Returns a sentence for each part that no gradient passes through."""
        said = []
        if not self.encoder_gradients:
            said.append(_NO_GRADIENT.format(part="encode", what="gradient attributions of the encoder are"))
        if not self.decoder_gradients:
            said.append(
                _NO_GRADIENT.format(
                    part="decode", what="the Jacobian of the decoder and likelihood regret are"
                )
            )
        return tuple(said)

    def without_weights(self) -> tuple[str, ...]:
        """Returns a sentence for each part that does not depend on weights."""
        said = []
        if not self.codes_by_weights:
            said.append(_NO_WEIGHTS.format(what="codes", part="encoder"))
        if not self.images_by_weights:
            said.append(_NO_WEIGHTS.format(what="decoded images", part="decoder"))
        return tuple(said)


def reach_of(trained: Artifact) -> Reach:
    """Returns what the model of a trained or imported artifact allows; everything, for one trained here."""
    path = trained.path / CHECK_FILE
    return Reach(**read_json(path)["reach"]) if path.is_file() else Reach()


def write_check(folder: Path, model: Model, images: NDArray[np.uint8], seed: int) -> None:
    """Writes import_check.json; images (n, c, h, w) are random ones of the data set."""
    reach = _reach(model, images, seed)
    found = _checked(model, images)
    record: dict[str, Any] = {
        **to_plain(found),
        "reach": to_plain(reach),
        "not_applicable_parts": [*reach.without_gradients(), *reach.without_weights()],
    }
    write_json(folder / CHECK_FILE, record)


def _checked(model: Model, images: NDArray[np.uint8]) -> ImportCheck:
    means, log_variances = encode_images(model, images)
    if not isinstance(model, ForeignModel):  # networks of ours give pixels between 0 and 1
        return check(images, means, log_variances, decode_latents(model, means), ())
    given = torch.from_numpy(images).float() / 255
    with torch.no_grad():
        raw = model.rebuild(given)
        others = [Reading("torch.sigmoid at the end of decode (for logits)", raw.sigmoid().numpy())]
        for black, white in _RANGES:
            if (black, white) != (model.black, model.white):
                rebuilt = (model.rebuild(given, (black, white)) - black) / (white - black)
                others.append(Reading(f"pixel_range [{black:g}, {white:g}]", rebuilt.numpy()))
    as_set = ((raw - model.black) / (model.white - model.black)).numpy()
    return check(images, means, log_variances if model.has_variance else None, as_set, others)


def _reach(model: Model, images: NDArray[np.uint8], seed: int) -> Reach:
    if not isinstance(model, ForeignModel):
        return Reach()
    pixels = torch.from_numpy(images).float() / 255
    with torch.no_grad():
        codes = model.encode(pixels).mean
        decoded = model.decode(codes)
    assert isinstance(model, nn.Module)
    kept = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model.shuffle_weights()
        other_codes, other_decoded = model.encode(pixels).mean, model.decode(codes)
    model.load_state_dict(kept)
    return Reach(
        encoder_gradients=_gradient_passes(lambda images: model.encode(images).mean, pixels[:2]),
        decoder_gradients=_gradient_passes(model.decode, codes[:2]),
        codes_by_weights=not torch.equal(codes, other_codes),
        images_by_weights=not torch.equal(decoded, other_decoded),
    )


def _gradient_passes(function: Callable[[Tensor], Tensor], given: Tensor) -> bool:
    leaf = given.clone().requires_grad_(True)
    try:
        with torch.enable_grad():
            output = function(leaf)
            if not output.requires_grad:
                return False
            (gradient,) = torch.autograd.grad(output.sum(), leaf, allow_unused=True)
    except (BadCheckpoint, RuntimeError):  # such as a call of numpy() on a tensor with a gradient
        return False
    return gradient is not None
