"""Keeps passwords out of what Prefect remembers: a flow's parameters are in its database and on its pages."""

import os

from tasks.addresses import has_password
from tasks.settings import Settings


def without_secrets(settings: Settings) -> Settings:
    """Returns the settings without a tracking address that holds a password; MLFLOW_TRACKING_URI has it instead."""
    uri = settings.tracking.uri
    if uri is None or not has_password(uri):
        return settings
    os.environ["MLFLOW_TRACKING_URI"] = uri
    return settings.model_copy(update={"tracking": settings.tracking.model_copy(update={"uri": None})})
