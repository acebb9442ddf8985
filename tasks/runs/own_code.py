"""The code of one's own that makes a model of a finished run: it runs only where its folder was named."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.storage.artifacts import digest_of, digest_of_file
from latent_audit.tasks.terminal_text import named
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.extension_settings import ExtensionSettings
from latent_audit.vocabulary.record.origin import Origin

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.entrypoint import OwnCode


def digest_of_own_code(settings: "OwnCode") -> str:
    """Returns the digest over the Python files of a user's function; runs none of them. Raises BadCheckpoint."""
    from latent_audit.vae_models.pretrained.entrypoint import (
        module_files,  # here: torch takes seconds to import
    )

    if isinstance(settings, ExtensionSettings):
        return settings.extension.digest()
    files = module_files(settings)
    return digest_of({str(path.relative_to(settings.folder)): digest_of_file(path) for path in files})


def allow_own_code(weights: Path, name: str, origin: Origin | None, folder: Path | None) -> None:
    """Puts the folder of the code of a model or classifier on the import path; does nothing where none is needed.

    Args:
        weights: folder of the saved model or classifier.
        name: what messages call it.
        origin: where it came from, as audit.json has it.
        folder: where its module or package is, or None.

    Raises:
        UsageError: code is needed and no folder is named, or what is there is not the code that was audited.
    """
    from latent_audit.vae_models.storage.checkpoints import own_code_of  # here: as above

    settings = own_code_of(weights)
    if settings is None:
        return
    assert settings.entrypoint is not None  # else no such model could be made
    if folder is None:
        raise UsageError(
            f"{named(name)} is made by your own code, {named(settings.entrypoint)}, which a run does not keep: give "
            "the folder that its module or package is in with --code, and it is run"
        )
    try:
        here = digest_of_own_code(settings.in_folder(folder))
    except BadCheckpoint as error:
        raise UsageError(
            f"--code: there is no module or package of {named(settings.entrypoint)} in {named(folder)}"
        ) from error
    audited = None if origin is None else origin["code_sha256"]
    if here != audited:
        raise UsageError(
            f"--code: what {named(folder)} holds is not the code of {named(settings.entrypoint)} that the run audited: "
            "audit the changed code with latent-audit run"
        )
    sys.path.append(str(folder.absolute()))
