"""Opens models trained elsewhere, of any kind of setting."""

from latent_audit.vae_models.model import Model
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings


def open_existing(settings: ExistingModelSettings, image_shape: tuple[int, int, int]) -> Model:
    """Returns the model with its trained weights, on the CPU, ready to encode and decode.

    Raises BadCheckpoint, with all reasons why it cannot be used, and BadSettings.
    """
    return settings.open_trained(image_shape)
