"""What an imported model can be asked: whether gradients pass through it, and whether its weights decide."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.tasks.analyses.scores.import_check import ImportCheck, Reading, check
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.stages.inputs.reach import CHECK_FILE, Reach
from latent_audit.tasks.stages.training.choose_reading import TriedReading
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vocabulary.machine_errors import raise_machine_error

_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))


def write_check(
    folder: Path,
    model: Model,
    images: NDArray[np.uint8],
    seed: int,
    tried: Sequence[TriedReading] = (),
) -> None:
    """Writes import_check.json; images (n, c, h, w) are random ones of the data set.

    tried: the ways in which the files were read, if there were several.
    """
    reach = _reach(model, images, seed)
    found = _checked(model, images)
    record: dict[str, Any] = {
        **to_json(found),
        "reach": to_json(reach),
        "not_applicable_parts": [*reach.without_gradients(), *reach.without_weights()],
        "tried": to_json(tried),
        "code_form": model.form.described() if isinstance(model, ForeignModel) and model.form else None,
    }
    write_json(folder / CHECK_FILE, record)


def _checked(model: Model, images: NDArray[np.uint8]) -> ImportCheck:
    means, log_variances = encode_images(model, images)
    if not isinstance(model, ForeignModel):  # networks of ours give pixels between 0 and 1
        return check(images, means, log_variances, decode_latents(model, means), ())
    variances = log_variances if model.has_variance else None
    if not model.has_decoder:
        return check(images, means, variances, None, ())
    given = torch.from_numpy(images).float() / 255
    with torch.no_grad():
        raw = model.rebuild(given)
        others = [Reading("torch.sigmoid at the end of decode (for logits)", raw.sigmoid().numpy())]
        others += [
            found
            for ends in _RANGES
            if ends != (model.black, model.white) and (found := _with_range(model, given, *ends)) is not None
        ]
    as_set = ((raw - model.black) / (model.white - model.black)).numpy()
    return check(images, means, variances, as_set, others)


def _with_range(model: ForeignModel, given: Tensor, black: float, white: float) -> Reading | None:
    """Returns what the model rebuilds where black and white are others; None if it refuses such images."""
    try:
        rebuilt = (model.rebuild(given, (black, white)) - black) / (white - black)
    except BadCheckpoint:  # such as a factorisation of images that are not negative
        return None
    return Reading(f"pixel_range [{black:g}, {white:g}]", rebuilt.numpy())


def _reach(model: Model, images: NDArray[np.uint8], seed: int) -> Reach:
    if not isinstance(model, ForeignModel):
        return Reach()
    pixels = torch.from_numpy(images).float() / 255

    def decoded_from(codes: Tensor) -> Tensor:
        return model.decode(codes) if model.has_decoder else codes

    with torch.no_grad():
        codes = model.encode(pixels).mean
        decoded = decoded_from(codes)
    assert isinstance(model, nn.Module)
    kept = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model.shuffle_weights()
        other_codes, other_decoded = model.encode(pixels).mean, decoded_from(codes)
    model.load_state_dict(kept)
    return Reach(
        encoder_gradients=gradient_passes(lambda images: model.encode(images).mean, pixels[:2]),
        decoder_gradients=model.has_decoder and gradient_passes(model.decode, codes[:2]),
        codes_by_weights=not torch.equal(codes, other_codes),
        images_by_weights=not torch.equal(decoded, other_decoded),
        has_decoder=model.has_decoder,
    )


def gradient_passes(function: Callable[[Tensor], Tensor], given: Tensor) -> bool:
    """Returns whether a gradient passes through a function of others to what it is given."""
    leaf = given.clone().requires_grad_(True)
    try:
        with torch.enable_grad():
            output = function(leaf)
            if not output.requires_grad:
                return False
            (gradient,) = torch.autograd.grad(output.sum(), leaf, allow_unused=True)
    except (BadCheckpoint, RuntimeError) as error:  # such as a call of numpy() on a tensor with a gradient
        raise_machine_error(error)
        return False
    return gradient is not None
