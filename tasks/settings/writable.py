"""Whether a folder that the settings name can be written: asked before anything else is done."""

import tempfile
from pathlib import Path

from latent_audit.tasks.errors import StoreError


def refuse_unwritable(folder: Path, setting: str) -> None:
    """Raises StoreError where a folder cannot be made or written. Leaves nothing behind.

    setting: the name of the setting, as run.output.
    """
    try:
        # Nothing is made where the folder is not there yet: several runs may begin on it at once.
        existing = next(place for place in (folder, *folder.absolute().parents) if _exists(place))
        with tempfile.TemporaryFile(dir=existing):
            pass
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(
            f"{setting} is {str(folder)[:300]!r}, where nothing can be written ({reason}): give a folder that you may "
            f"write with --{setting}"
        ) from error


def _exists(place: Path) -> bool:
    """Returns whether something is at a path, a broken link included; what cannot be a path raises."""
    try:
        place.lstat()
    except FileNotFoundError:
        return False
    return True
