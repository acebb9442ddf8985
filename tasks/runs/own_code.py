"""The code of one's own that makes a model of a finished run: it runs only where its folder was named."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.storage.artifacts import digest_of, digest_of_file
from latent_audit.tasks.terminal_text import named
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.extension_settings import ExtensionSettings
from latent_audit.vocabulary.record.model import Model

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.entrypoint_settings import OwnCodeSettings


def digest_of_own_code(settings: "OwnCodeSettings") -> str:
    """Returns the digest over the Python files of a model's function; runs none of them. Raises BadCheckpoint."""
    from latent_audit.vae_models.pretrained.entrypoint import (
        module_files,  # here: torch takes seconds to import
    )

    if isinstance(settings, ExtensionSettings):
        return settings.extension.digest()
    files = module_files(settings)
    return digest_of({str(path.relative_to(settings.folder)): digest_of_file(path) for path in files})


def allow_own_code(weights: Path, record: Model, folder: Path | None) -> None:
    """Puts the folder of a model's own code on the import path; does nothing for models that need none.

    Args:
        weights: folder of the saved model.
        record: the model in audit.json.
        folder: where its module or package is, or None.

    Raises:
        UsageError: the model needs code and no folder is named, or what is there is not the code that was audited.
    """
    from latent_audit.vae_models.storage.checkpoints import own_code_of  # here: as above

    settings = own_code_of(weights)
    if settings is None:
        return
    assert settings.entrypoint is not None  # else no such model could be made
    model = named(record["name"])
    if folder is None:
        raise UsageError(
            f"{model} is made by your own code, {named(settings.entrypoint)}, which a run does not keep: give the "
            "folder that its module or package is in with --code, and it is run"
        )
    try:
        here = digest_of_own_code(settings.model_copy(update={"folder": folder}))
    except BadCheckpoint as error:
        raise UsageError(
            f"--code: there is no module or package of {named(settings.entrypoint)} in {named(folder)}"
        ) from error
    origin = record.get("origin")
    audited = None if origin is None else origin["code_sha256"]
    if here != audited:
        raise UsageError(
            f"--code: what {named(folder)} holds is not the code of {named(settings.entrypoint)} that the run audited: "
            "audit the changed code with latent-audit run"
        )
    sys.path.append(str(folder.absolute()))
