"""MLflow's database as a SQLite file that several runs write: address, time-outs and locks."""

import sqlite3
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from latent_audit.tasks.storage.file_lock import wait_for_lock
from latent_audit.tasks.storage.private_files import private_file

SQLITE = "sqlite:///"
# Seconds that SQLite waits for another process to finish writing; its own five are few where many runs write at once.
PATIENT = "?timeout=120"


def is_sqlite(uri: str) -> bool:
    """Returns whether a tracking address names a SQLite file."""
    return uri.startswith(SQLITE)


def is_missing(uri: str) -> bool:
    """Returns whether a tracking address names a SQLite file that does not exist."""
    return is_sqlite(uri) and not _file_of(uri).is_file()


def patient(uri: str) -> str:
    """Returns the address with our time-out, if it names a SQLite file and has no options."""
    return uri + PATIENT if is_sqlite(uri) and "?" not in uri else uri


def alone(uri: str) -> AbstractContextManager[object]:
    """Locks a SQLite file against other runs; does nothing for a server."""
    if not is_sqlite(uri):
        return nullcontext()
    return wait_for_lock(_file_of(uri).with_suffix(".lock"), lambda: None)


def use_write_ahead_log(uri: str) -> None:
    """Enables write-ahead logging of a SQLite file, created if needed: four times faster with threads."""
    if not is_sqlite(uri):
        return
    database = _file_of(uri)
    database.parent.mkdir(parents=True, exist_ok=True)
    private_file(database)  # SQLite gives the files beside it the same rights
    connection = sqlite3.connect(database, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _file_of(uri: str) -> Path:
    """The file of an address that may end in options: `sqlite:///<file>?<options>`."""
    return Path(uri.removeprefix(SQLITE).partition("?")[0])
