"""Makes files and folders that other users cannot read: databases, logs and passwords of servers."""

import os
from contextlib import suppress
from pathlib import Path

OWNER_ALONE = 0o077


def private_folder(folder: Path) -> Path:
    """Makes a folder, or changes an existing one, so that only its owner can read it; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(PermissionError):  # another's folder stays as its owner wants it
        folder.chmod(0o700)
    return folder


def private_file(file: Path) -> None:
    """Makes a file that only its owner can read; an existing file is left unchanged."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def make_private(file: Path) -> None:
    """Removes the permissions of other users from a file, if it exists and is ours."""
    with suppress(FileNotFoundError, PermissionError):
        if file.is_file() and not file.is_symlink():
            file.chmod(0o600)
