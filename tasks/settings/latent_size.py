"""A study of latent sizes, expressed as the settings of a run: one model per size, one seed per fold."""

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.audit import Settings


def study_of(settings: Settings) -> Settings:
    """Returns the settings of the study that `settings.latent_size` describes.

    Raises SettingsError if its model is not defined or has no latent_dim.
    """
    asked = settings.latent_size
    model = settings.models.get(asked.model)
    if model is None:
        known = ", ".join(settings.models)
        raise SettingsError(
            f"latent_size.model is {asked.model!r}, and the models are {known}: name one of them"
        )
    if "latent_dim" not in type(model).model_fields:
        raise SettingsError(
            f"latent_size.model is {asked.model!r}, whose size follows from its attributes: name a model that has "
            "latent_dim, such as a vae"
        )
    models = {
        f"{size} dimensions": model.model_copy(update={"latent_dim": size}) for size in sorted(asked.sizes)
    }
    name = f"{settings.name}-latent-size"
    return settings.model_copy(
        update={
            "run": settings.run.model_copy(update={"name": name}),
            "models": models,
            "seeds": tuple(range(asked.folds)),
        }
    )
