"""MLflow's server behind our gate, loaded by entry point: `mlflow server --app-name latent-audit`."""

import os

from mlflow.server.fastapi_app import create_fastapi_app

from latent_audit.tasks.services.gate import App, Gate
from latent_audit.tasks.storage.sign_in import SERVER_VARIABLE


def create_app() -> App:
    """Returns MLflow's application, which asks for the password in the environment."""
    return Gate(create_fastapi_app(), os.environ[SERVER_VARIABLE], open_paths=("/health",))
