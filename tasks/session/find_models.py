"""Finds the files of models trained elsewhere, before any work starts."""

import re
from collections.abc import Callable
from pathlib import Path

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.runs.own_code import digest_of_own_code
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.storage.artifacts import digest_of_file
from latent_audit.tasks.storage.data_files import ModelFiles
from latent_audit.vae_models.brought_classifier.settings import BroughtClassifierSettings
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.entrypoint_settings import OwnCodeSettings
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings
from latent_audit.vae_models.pretrained.extension_settings import ExtensionSettings
from latent_audit.vae_models.pretrained.file_kinds import kind_of

_ADDRESS = re.compile(r"(models|runs|mlflow-artifacts):/")
# How a Python package stands among the files of a model: by one digest over all its files.
CODE = "code"


def find_model_files(
    settings: Settings, fetch_program: Callable[[str], Path], progress: ProgressDisplay
) -> dict[str, ModelFiles]:
    """Returns the files of every model that was trained elsewhere, by the model's name.

    `fetch_program` brings an exported program from MLflow by its address. Where a user's own code will make a model,
    says so. Raises SettingsError that lists all that is not there, and TrackingError.
    """
    found: dict[str, ModelFiles] = {}
    problems: list[str] = []
    for name, model in settings.models.items():
        if isinstance(model, ExistingModelSettings):
            try:
                found[name] = _files(model, fetch_program)
            except (FileNotFoundError, BadCheckpoint) as error:
                problems.append(f"models.{name}: {error}")
                continue
            if isinstance(model, OwnCodeSettings):
                progress.line(
                    f"{name}: code of the installed package {model.code_name} is run to make this model and to use it"
                    if isinstance(model, ExtensionSettings)
                    else f"{name}: your own code {model.entrypoint} is run to make this model and to use it"
                )
    if problems:
        raise SettingsError("\n".join(problems))
    return found


def find_classifier_files(settings: Settings, progress: ProgressDisplay) -> ModelFiles:
    """Returns the files of the classifier that the user brings, none of one of ours.

    Says that its code will be run. Raises SettingsError for what is not there.
    """
    brought = settings.classifier
    if not isinstance(brought, BroughtClassifierSettings):
        return ModelFiles({}, {})
    places = {setting: Path(given).absolute() for setting, given in brought.given_files().items()}
    for setting, path in places.items():
        if not path.is_file():
            raise SettingsError(
                f"classifier: {setting} is {brought.files[setting]}, and there is no such file"
            )
    try:
        code = digest_of_own_code(brought)
    except BadCheckpoint as error:
        raise SettingsError(f"classifier: {error}") from error
    progress.line(f"classifier: your own code {brought.entrypoint} is run to read images")
    digests = {setting: digest_of_file(path) for setting, path in places.items()}
    return ModelFiles(places, {**digests, CODE: code})


def _files(model: ExistingModelSettings, fetch_program: Callable[[str], Path]) -> ModelFiles:
    places = {}
    for setting, given in model.given_files().items():
        if _ADDRESS.match(given):
            places[setting] = fetch_program(given)
        else:
            places[setting] = Path(given).absolute()
        if places[setting].is_dir():
            found = kind_of(places[setting])
            assert found is not None
            raise BadCheckpoint(f"{setting} is {given}, {found.name}, and a file is needed: {found.taken_by}")
        if not places[setting].is_file():
            raise FileNotFoundError(f"{setting} is {given}, and there is no such file")
    model.look_through(places)
    digests = {setting: digest_of_file(path) for setting, path in places.items()}
    if isinstance(model, OwnCodeSettings):
        digests[CODE] = digest_of_own_code(model)
    return ModelFiles(places, digests)
