"""Opens models that were trained elsewhere, whichever way their user names them."""

from latent_audit.vae_models.model import Model
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings


def open_existing(settings: ExistingModelSettings, image_shape: tuple[int, int, int]) -> Model:
    """Returns the model with its trained weights, on the CPU, ready to encode and decode.

    Raises BadCheckpoint with all that keeps it from being used, and BadSettings.
    """
    return settings.open_trained(image_shape)
