"""Files and folders that other users of the machine cannot read: databases, logs and passwords of servers."""

import os
from contextlib import suppress
from pathlib import Path

OWNER_ALONE = 0o077


def private_folder(folder: Path) -> Path:
    """Makes a folder that only its owner can look into, and returns it; one that is there is made so."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(PermissionError):  # another's folder stays as its owner wants it
        folder.chmod(0o700)
    return folder


def private_file(file: Path) -> None:
    """Makes a file that only its owner can read, and leaves one that is there as it is."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def make_private(file: Path) -> None:
    """Takes the rights of others from a file, if it is there and ours."""
    with suppress(FileNotFoundError, PermissionError):
        if file.is_file() and not file.is_symlink():
            file.chmod(0o600)
