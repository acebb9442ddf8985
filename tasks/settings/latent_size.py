"""A study of latent sizes, expressed as the settings of a run: one model per size, one seed per fold."""

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.audit import Settings
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings


def study_of(settings: Settings) -> Settings:
    """Returns the settings of the study that `settings.latent_size` describes.

    Raises SettingsError if its model is not defined or has no size to choose.
    """
    asked = settings.latent_size
    field = size_field(settings)
    model = settings.models[asked.model]
    models = {f"{size} dimensions": model.model_copy(update={field: size}) for size in sorted(asked.sizes)}
    name = f"{settings.name}-latent-size"
    return settings.model_copy(
        update={
            "run": settings.run.model_copy(update={"name": name}),
            "models": models,
            "seeds": tuple(range(asked.folds)),
        }
    )


def size_field(settings: Settings) -> str:
    """Returns the setting of the study's model that is its size: latent_dim, or free_dimensions beside named ones.

    Raises SettingsError if the model is not defined, and for one whose sizes cannot be compared.
    """
    name = settings.latent_size.model
    if name not in settings.models:
        known = ", ".join(settings.models)
        raise SettingsError(f"latent_size.model is {name!r}, and the models are {known}: name one of them")
    model = settings.models[name]
    if isinstance(model, InterpretableGanSettings):
        raise SettingsError(
            f"latent_size.model is {name!r}, an interpretable_gan: its generator and discriminator play against each "
            "other, so no held-out objective compares sizes; name a model with a loss, such as a vae"
        )
    if isinstance(model, ExistingModelSettings):
        raise SettingsError(
            f"latent_size.model is {name!r}, which was trained elsewhere and has its size: name a model that is "
            "trained here, such as a vae"
        )
    if settings.start_of(name) is not None:
        raise SettingsError(
            f"latent_size.model is {name!r}, which starts from the weights of another model of one size: leave "
            "start_from out"
        )
    return "latent_dim" if "latent_dim" in type(model).model_fields else "free_dimensions"
