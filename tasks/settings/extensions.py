"""Which models and data sets of installed packages an audit may use: none, unless they are named."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from latent_audit.tasks.datasets.own.extension import ExtensionDataSettings
from latent_audit.tasks.settings.run import Section
from latent_audit.vae_models.pretrained.extension_settings import ExtensionSettings


class ExtensionsSettings(Section):
    """Names of entry points that are allowed; the code of all others is never imported."""

    models: tuple[str, ...] = Field(
        (), description="entry points of the group latent_audit.models, for models of kind extension"
    )
    datasets: tuple[str, ...] = Field(
        (), description="entry points of the group latent_audit.datasets, for data of kind extension"
    )

    def refuse_others(self, models: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Raises ValueError for settings, by their place, that name what is not allowed here."""
        for place, settings in (*models.items(), *data.items()):
            if isinstance(settings, ExtensionSettings):
                group, allowed = "models", self.models
            elif isinstance(settings, ExtensionDataSettings):
                group, allowed = "datasets", self.datasets
            else:
                continue
            if settings.entrypoint not in allowed:
                raise ValueError(
                    f"{place} names {settings.entrypoint!r}, which an installed package of a third party offers; its "
                    "code would run with all that you may do yourself. To allow it, add the name to "
                    f"extensions.{group}"
                )
