"""Opens models that were trained elsewhere, whichever way their user names them."""

from pathlib import Path

from torch import nn

from vae_models.existing_networks import build_foreign
from vae_models.existing_settings import CheckpointSettings, EntrypointSettings, ExportedProgramsSettings
from vae_models.key_map import fit_state_dict
from vae_models.model import Model
from vae_models.presets import build
from vae_models.state_dict_files import read_state_dict

AnyExistingSettings = CheckpointSettings | EntrypointSettings | ExportedProgramsSettings


def open_existing(settings: AnyExistingSettings, image_shape: tuple[int, int, int]) -> Model:
    """Returns the model with its trained weights, on the CPU, ready to encode and decode.

    Raises BadCheckpoint with all that keeps it from being used, and BadSettings.
    """
    if not isinstance(settings, CheckpointSettings):
        return build_foreign(settings, image_shape)
    model = build(settings, image_shape, (), seed=0)
    assert isinstance(model, nn.Module)
    weights = fit_state_dict(
        read_state_dict(settings.path, settings.entry),
        model.state_dict(),
        settings.names,
        settings.left_out,
        settings.posterior_layout,
        Path(settings.path).name,
    )
    model.load_state_dict(weights)
    return model
