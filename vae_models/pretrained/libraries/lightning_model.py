"""Puts the weights of a Lightning checkpoint into a module that the user's own function makes."""

from typing import TYPE_CHECKING

from torch import nn

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.entrypoint import made_by, module_files, wrapped
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.pretrained.libraries.library_folder import check_weights
from latent_audit.vae_models.pretrained.state_dict_files import read_state_dict

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.libraries.lightning_settings import LightningSettings


def open_lightning(settings: "LightningSettings", image_shape: tuple[int, int, int]) -> ForeignModel:
    """Returns the module with its weights. Raises BadCheckpoint where the checkpoint holds more than tensors and plain
    values, where the function makes no module, and where the weights do not fit it.
    """
    weights = read_state_dict(settings.path, "state_dict")  # before any code is run
    if settings.entrypoint is None:
        module_files(settings)  # which says what is missing
    own = {
        name.removeprefix(settings.prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(settings.prefix)
    }
    made = made_by(settings, {})
    if not isinstance(made, nn.Module):
        raise BadCheckpoint(
            f"{settings.entrypoint} returned a {type(made).__name__}, and the weights of {settings.path.name} need the "
            "torch.nn.Module that they are of"
        )
    check_weights(made.state_dict(), own, settings.path.name)
    made.load_state_dict(own)
    return wrapped(made.eval(), settings, image_shape)
