"""The temporary Prefect server that a run starts for itself: made one at a time, and never left behind.

A kill leaves it running, with its output open. So each run notes the server that it started, and ends those whose
runs are gone.
"""

import json
import os
from pathlib import Path
from typing import TextIO

import httpx

from tasks import processes
from tasks.errors import ServiceError
from tasks.file_lock import wait_for_lock
from tasks.processes import Process

SERVER = "prefect.server.api.server:create_app"
DATABASE = "prefect.db"
PATIENCE_SECONDS = 5.0
ANSWER_SECONDS = 20.0

_making: TextIO | None = None


def refuse_unreachable_server() -> None:
    """Raises ServiceError where PREFECT_API_URL names a server that does not answer; Prefect would show a traceback."""
    address = os.environ.get("PREFECT_API_URL")
    if address is None:
        return
    try:
        httpx.get(f"{address.rstrip('/')}/health", timeout=ANSWER_SECONDS)
    except httpx.TransportError as error:
        raise ServiceError(
            f"Prefect's server {address} is not reached ({error}): start it, or unset PREFECT_API_URL to run without "
            "one. Finished stages are kept"
        ) from None


def wait_for_database(home: Path) -> None:
    """Returns once this process may start its server below `home`: servers that make one database at once break it.

    Where there is no database yet, others wait until this process says `database_is_made`, or ends.
    """
    global _making
    if "PREFECT_API_URL" in os.environ:
        return
    lock = wait_for_lock(home / "database.lock", lambda: None)
    if (home / DATABASE).exists():
        lock.close()
    else:
        _making = lock


def database_is_made() -> None:
    """Lets other runs start their servers; called once a server answers."""
    global _making
    if _making is not None:
        _making.close()
        _making = None


def note_server(home: Path) -> Path | None:
    """Writes which Prefect server this process started below `home`; returns the note, None if it started none."""
    owner = processes.find(os.getpid())
    servers = [child for child in processes.children(os.getpid()) if SERVER in processes.command_of(child)]
    if owner is None or not servers:
        return None
    note = home / f"server-of-{owner.pid}.json"
    note.write_text(json.dumps({"owner": owner.facts(), "server": servers[0].facts()}))
    return note


def end_orphans(home: Path) -> int:
    """Ends the noted servers whose runs are gone, and returns how many."""
    ended = 0
    for note in home.glob("server-of-*.json"):
        try:
            facts = json.loads(note.read_text())
            owner, server = Process(**facts["owner"]), Process(**facts["server"])
        except (OSError, ValueError, KeyError, TypeError):
            note.unlink(missing_ok=True)
            continue
        if owner.is_alive():
            continue
        if server.is_alive():
            processes.end([server], PATIENCE_SECONDS)
            ended += 1
        note.unlink(missing_ok=True)
    return ended
