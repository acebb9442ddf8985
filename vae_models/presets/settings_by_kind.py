"""Imports the settings of a kind of model by name, so that a stage's key covers only the code of its model."""

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from latent_audit.vae_models.presets.registry import KINDS


def read_settings(kind: str, record: dict[str, Any]) -> Any:
    """Returns the settings of a kind from a record of them.

    Raises KeyError for a kind that is not known, and pydantic's ValidationError for a record that does not fit.
    """
    module, name = KINDS[kind].split(":")
    settings: type[BaseModel] = getattr(import_module(module), name)
    return settings.model_validate(record)
