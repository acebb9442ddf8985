"""Checks before a run starts that the folders in its settings can be written."""

import tempfile
from pathlib import Path

from latent_audit.tasks.errors import StoreError


def refuse_unwritable(folder: Path, setting: str) -> None:
    """Raises StoreError if a folder cannot be created or written. Leaves nothing behind.

    setting: the name of the setting, such as run.output.
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
    """Returns whether a path exists, as a broken link or otherwise; raises if it cannot be a path."""
    try:
        place.lstat()
    except FileNotFoundError:
        return False
    return True
