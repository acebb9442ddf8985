"""Opens models that pythae saved, without its load_from_folder, which unpickles: its own networks, and tensors."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.pretrained.libraries.library_folder import filled, read_config
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vae_models.pretrained.state_dict_files import read_state_dict

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.libraries.pythae_settings import PythaeSettings

# By the name in the configuration: whether the encoder gives variances. Models whose codes are not the encoder's
# embedding alone (flows, spheres, Poincaré balls, codebooks, several levels) are not among them.
HAS_VARIANCES = {
    "AEConfig": False, "WAE_MMD_Config": False, "RAE_L2_Config": False, "RAE_GP_Config": False, "VAEConfig": True,
    "BetaVAEConfig": True, "BetaTCVAEConfig": True, "DisentangledBetaVAEConfig": True, "FactorVAEConfig": True,
    "INFOVAE_MMD_Config": True, "MSSSIM_VAEConfig": True, "Adversarial_AE_Config": True, "VAEGANConfig": True,
    "IWAEConfig": True, "MIWAEConfig": True, "CIWAEConfig": True, "PIWAEConfig": True, "VAMPConfig": True,
}  # fmt: skip
_LARGEST = 65_536
_OWN_FUNCTION = "use kind entrypoint with a function that makes the model and reads its weights"


def open_pythae(settings: "PythaeSettings", image_shape: tuple[int, int, int]) -> ForeignModel:
    """Returns the model. Raises BadCheckpoint for classes and networks that are not pythae's own, weights that do not
    fit, images of another shape, and where the extra `pythae` is not installed.
    """
    files = {name: Path(place) for name, place in settings.given_files().items()}
    name, latent_dim, shape = checked_config(files["config"])
    if shape != image_shape:
        raise BadCheckpoint(
            f"the {name} is of images {_listed(shape)} (channels, height, width), and the data set has "
            f"{_listed(image_shape)}: set data.image_size, and data.channels of a folder"
        )
    found = read_state_dict(files["weights"], "model_state_dict")
    networks = _built(name, latent_dim, shape)
    # Discriminators, metrics and pseudo-inputs are needed in training alone.
    parts = tuple(f"{part}." for part in ("encoder", "decoder"))
    weights = {key: tensor for key, tensor in found.items() if key.startswith(parts)}
    opened = filled(networks, weights, f"the {name}")
    return ForeignModel(
        image_shape,
        opened,
        lambda images: _encoded(opened, images),
        lambda codes: _decoded(opened, codes),
        build_reconstruction(settings.reconstruction, settings.pixel_variance),
        settings.pixel_range,
        f"the {name} of pythae",
    )


def checked_config(path: Path) -> tuple[str, int, tuple[int, int, int]]:
    """Returns the name, the number of dimensions and the shape of images in a configuration; raises BadCheckpoint."""
    config = read_config(path)
    name, latent_dim, shape = (config.get(key) for key in ("name", "latent_dim", "input_dim"))
    if name not in HAS_VARIANCES:
        raise BadCheckpoint(
            f"{path} is of a {printable(str(name)[:60])}, and kind pythae opens models whose code is what the encoder "
            f"gives ({', '.join(key.removesuffix('Config').rstrip('_') for key in HAS_VARIANCES)}): {_OWN_FUNCTION}"
        )
    own = [part for part in ("encoder", "decoder") if config.get(f"uses_default_{part}") is not True]
    if own:
        raise BadCheckpoint(
            f"{path}: the {' and the '.join(own)} of this model are not pythae's own, and pythae keeps such networks "
            f"as pickles, which run code when they are opened: {_OWN_FUNCTION}"
        )
    sizes = (latent_dim, *(shape if isinstance(shape, list) else ()))
    if len(sizes) != 4 or not all(type(size) is int and 1 <= size <= _LARGEST for size in sizes):
        raise BadCheckpoint(
            f"{path}: latent_dim must be a number and input_dim three (channels, height, width), up to {_LARGEST:,}; "
            f"got {printable(str(latent_dim)[:40])} and {printable(str(shape)[:60])}"
        )
    assert isinstance(name, str)
    return name, sizes[0], (sizes[1], sizes[2], sizes[3])


def _built(name: str, latent_dim: int, shape: tuple[int, int, int]) -> nn.ModuleDict:
    try:
        from pythae.models.nn.default_architectures import Decoder_AE_MLP, Encoder_AE_MLP, Encoder_VAE_MLP
    except ImportError as error:
        raise BadCheckpoint(
            "pythae is not installed: install the extra, as in pip install latent-audit[pythae]"
        ) from error
    sizes = SimpleNamespace(input_dim=shape, latent_dim=latent_dim)
    with torch.device("meta"):
        encoder = (Encoder_VAE_MLP if HAS_VARIANCES[name] else Encoder_AE_MLP)(sizes)
        return nn.ModuleDict({"encoder": encoder, "decoder": Decoder_AE_MLP(sizes)})


def _encoded(networks: Any, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
    found = networks["encoder"](images)
    return (found["embedding"], found["log_covariance"]) if "log_covariance" in found else found["embedding"]


def _decoded(networks: Any, codes: Tensor) -> Tensor:
    return networks["decoder"](codes)["reconstruction"]


def _listed(shape: tuple[int, int, int]) -> str:
    return "x".join(map(str, shape))
