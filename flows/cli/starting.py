"""Preparations of commands before they use the store or start a flow."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_audit.tasks.settings.audit import Settings


def ready_for_a_flow(overrides: Sequence[str]) -> "Settings":
    """Returns the settings of the words, with the store prepared and Prefect's server reachable or starting.

    To be called before Prefect and MLflow are imported.
    """
    from latent_audit.tasks.execution.process_setup import skip_final_collection
    from latent_audit.tasks.services.prefect_server import start_server
    from latent_audit.tasks.settings.run import store_of_words

    known = store_of_words(overrides)
    if known is not None and known.is_dir():  # else nothing is made before all settings are known to be right
        prepare_store(known)
        start_server(Path(os.environ["PREFECT_HOME"]))
    from latent_audit.tasks.settings.layers import settings_from_words
    from latent_audit.tasks.settings.redaction import without_secrets

    settings = without_secrets(settings_from_words(overrides))
    make_ready(settings)
    skip_final_collection()
    return settings


def make_ready(settings: "Settings") -> None:
    """Prepares the store, and has Prefect's server reachable or starting.

    Raises SettingsError where a folder cannot be written, TrackingError and ServiceError where a server that the user
    names does not answer.
    """
    from latent_audit.tasks.services.prefect_server import start_server
    from latent_audit.tasks.settings.writable import refuse_unwritable
    from latent_audit.tasks.tracking.address import refuse_dead

    refuse_unwritable(settings.run.store, "run.store")
    refuse_unwritable(settings.run.output, "run.output")
    prepare_store(settings.run.store)
    refuse_dead(settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"])
    start_server(Path(os.environ["PREFECT_HOME"]))


def wait_for_services(settings: "Settings") -> None:
    """Waits until Prefect's server answers, and meanwhile prepares what the flow needs."""
    from latent_audit.tasks.services.prefect_server import makes_database, wait_for_server
    from latent_audit.tasks.session.audit_session import look_ahead

    look_ahead(settings, start_workers=makes_database())
    wait_for_server()


def prepare_store(store: Path) -> None:
    """Makes the store's folders and sets the process's environment by it, before Prefect and MLflow are imported."""
    from latent_audit.tasks.execution import process_setup
    from latent_audit.tasks.storage.store import writing

    with writing(store):
        process_setup.prepare(store)


def shown_path(path: Path) -> Path:
    """Returns a path relative to the current folder, if it is inside it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
