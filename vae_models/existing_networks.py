"""Networks that are not ours, whichever way they came."""

from vae_models.entrypoint import build_from_entrypoint
from vae_models.existing_settings import EntrypointSettings, ExportedProgramsSettings
from vae_models.exported_programs import build_from_programs
from vae_models.foreign_model import ForeignModel


def build_foreign(
    settings: EntrypointSettings | ExportedProgramsSettings, image_shape: tuple[int, int, int]
) -> ForeignModel:
    """Returns the model with the weights that it brings; raises BadCheckpoint."""
    if isinstance(settings, EntrypointSettings):
        return build_from_entrypoint(settings, image_shape)
    return build_from_programs(settings, image_shape)
