"""Opens autoencoders that Diffusers saved, without its from_pretrained: classes by name, weights by safetensors."""

import inspect
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.file_kinds import OF_DIFFUSERS, SAFETENSORS, refuse_other_kinds
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.pretrained.libraries.library_folder import filled, read_config
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vae_models.storage.weight_files import read_tensors
from latent_audit.vocabulary.machine_errors import raise_machine_error

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.libraries.diffusers_settings import DiffusersSettings

# Of a configuration: so much that no published autoencoder has more, and building the layers takes seconds.
_LARGEST_NUMBER, _LONGEST_LIST, _MAX_LAYERS = 65_536, 32, 64
_WORD = re.compile(r"[A-Za-z0-9_]{1,64}")


def open_diffusers(settings: "DiffusersSettings", image_shape: tuple[int, int, int]) -> ForeignModel:
    """Returns the model. Raises BadCheckpoint for other classes, configurations that ask for more than an autoencoder
    has, weights that do not fit, and where the extra `diffusers` is not installed.
    """
    files = {name: Path(place) for name, place in settings.given_files().items()}
    name, arguments = checked_config(files["config"])
    refuse_other_kinds(files["weights"], (SAFETENSORS,), "a safetensors file of the weights")
    weights = read_tensors(files["weights"], torch.device("cpu"))[0]
    half = DiffusersHalves(filled(_built(name, arguments), weights, f"the {name}"), name)
    return ForeignModel(
        image_shape,
        half.model,
        half.encode,
        half.decode,
        build_reconstruction(settings.reconstruction, settings.pixel_variance),
        settings.pixel_range,
        f"the {name} of Diffusers",
    )


def checked_config(path: Path) -> tuple[str, dict[str, Any]]:
    """Returns the name of the class and the arguments that a configuration gives it; raises BadCheckpoint."""
    config = read_config(path)
    name = config.get("_class_name")
    if name not in OF_DIFFUSERS:
        raise BadCheckpoint(
            f"{path} is of a {printable(str(name)[:60])}, and kind diffusers opens {', '.join(OF_DIFFUSERS)}: use kind "
            "entrypoint with a function that makes the model"
        )
    arguments = {key: value for key, value in config.items() if not key.startswith("_")}
    for key, value in arguments.items():
        if not _is_modest(
            value, _MAX_LAYERS if "block" in key and "channels" not in key else _LARGEST_NUMBER
        ):
            raise BadCheckpoint(
                f"{path}: {printable(key)} is {printable(str(value)[:60])}, which no autoencoder needs: numbers up to "
                f"{_LARGEST_NUMBER:,} ({_MAX_LAYERS} for layers), lists of up to {_LONGEST_LIST} and plain words are "
                "taken"
            )
    return name, arguments


def _is_modest(value: Any, largest: int) -> bool:
    if isinstance(value, list):
        return len(value) <= _LONGEST_LIST and all(
            not isinstance(one, list) and _is_modest(one, largest) for one in value
        )
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return math.isfinite(value) and abs(value) <= largest
    return value is None or isinstance(value, bool)


def _built(name: str, arguments: dict[str, Any]) -> nn.Module:
    """Returns the model without weights, on the device `meta`."""
    try:
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
        from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
        from diffusers.models.autoencoders.vq_model import VQModel
    except ImportError as error:
        raise BadCheckpoint(
            "diffusers is not installed: install the extra, as in pip install latent-audit[diffusers]"
        ) from error
    made = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny, "VQModel": VQModel}[name]
    # What the class has computed stands in the configuration too, and is no argument.
    known = inspect.signature(made.__init__).parameters
    try:
        with torch.device("meta"):
            return made(**{name: value for name, value in arguments.items() if name in known})
    except Exception as error:  # a configuration of another version can fail in any way
        raise_machine_error(error)
        raise BadCheckpoint(
            f"the {name} cannot be made from its configuration ({type(error).__name__}: {str(error)[:200]}): it may be "
            "of another version of Diffusers"
        ) from error


class DiffusersHalves:
    """Encoder and decoder; codes (n, c, h, w) are scaled as those that a diffusion model is given."""

    def __init__(self, model: Any, name: str) -> None:
        self.model: nn.Module = model
        self._opened, self._name = model, name
        config = model.config
        self._scale = float(config.get("scaling_factor") or 1.0)
        self._shift = float(config.get("shift_factor") or 0.0)

    def encode(self, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Returns means and log variances of an AutoencoderKL, the vectors of the codebook of a VQModel, else codes."""
        found = self._opened.encode(images)
        if self._name == "AutoencoderKL":
            posterior = found.latent_dist
            return self._scaled(posterior.mean), posterior.logvar + 2.0 * math.log(abs(self._scale))
        codes = found.latents
        return self._scaled(self._opened.quantize(codes)[0] if self._name == "VQModel" else codes)

    def decode(self, codes: Tensor) -> Tensor:
        """Returns images; a VQModel takes the nearest vector of its codebook in the place of each one given."""
        return self._opened.decode(codes / self._scale + self._shift).sample

    def _scaled(self, codes: Tensor) -> Tensor:
        return (codes - self._shift) * self._scale
