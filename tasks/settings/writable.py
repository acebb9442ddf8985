"""Whether a folder that the settings name can be written: asked before anything else is done."""

import tempfile
from contextlib import suppress
from pathlib import Path

from latent_audit.tasks.errors import StoreError


def refuse_unwritable(folder: Path, setting: str) -> None:
    """Raises StoreError where a folder cannot be made or written. Leaves nothing behind.

    setting: the name of the setting, as run.output.
    """
    made: list[Path] = []
    try:
        for place in reversed([folder, *folder.parents]):
            if not place.exists():
                place.mkdir()
                made.append(place)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(
            f"{setting} is {str(folder)[:300]!r}, where nothing can be written ({reason}): give a folder that you may "
            f"write with --{setting}"
        ) from error
    finally:
        for place in reversed(made):
            with suppress(OSError):  # another run works there by now
                place.rmdir()
