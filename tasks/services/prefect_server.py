"""The temporary Prefect server of a command: started beside the command's imports, and ended with it.

Prefect would start one too, but only once a flow begins, after every import, and a kill would leave it running.
"""

import atexit
import contextlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

import httpx

from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.storage.file_lock import wait_for_lock
from latent_audit.tasks.storage.private_files import make_private, private_folder
from latent_audit.tasks.storage.sign_in import for_prefect_clients, for_prefect_server, new_sign_in

DATABASE = "prefect.db"
ADDRESS = "PREFECT_API_URL"
ANSWER_SECONDS = 20.0
CONNECT_SECONDS = 8.0
# The first start makes a database, which takes a while on a busy machine.
START_SECONDS = 300.0
END_SECONDS = 10.0
LOG_LINES_SHOWN = 5
# What Prefect gives the temporary servers that it starts itself.
TEMPORARY = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


@dataclass
class _Server:
    """A server of this process; `making` is held while it makes its database.

    `environment_before` holds the previous values of the environment variables with its address.
    """

    process: subprocess.Popen[bytes]
    address: str
    database: Path
    log: IO[bytes]
    making: TextIO | None
    environment_before: dict[str, str | None]


_own: _Server | None = None


def start_server(home: Path) -> None:
    """Starts this process's server, with its database below `home`, and does not wait for it.

    Does nothing if the user names a server: by PREFECT_API_URL, or in a profile below `home`.

    Raises ServiceError if that one does not answer.
    """
    global _own
    if _own is not None and _own.process.poll() is None:
        return
    if (home / "profiles.toml").exists():
        from prefect.settings import PREFECT_API_URL  # here: it takes a second to import

        if (named := PREFECT_API_URL.value()) is not None:
            os.environ[ADDRESS] = named
    if ADDRESS in os.environ and (_own is None or os.environ[ADDRESS] != _own.address):
        refuse_unreachable_server(os.environ[ADDRESS])
        return
    private_folder(home)
    make_private(home / DATABASE)
    making = _creation_lock(home / DATABASE)
    sign_in = new_sign_in()
    log = tempfile.TemporaryFile()  # noqa: SIM115 - it stays open as long as the server runs
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            # -P: a folder of the user's called "tasks" is not meant.
            [
                sys.executable,
                "-P",
                "-m",
                "latent_audit.tasks.services.serve_prefect",
                "--socket",
                str(number),
            ],
            stdin=subprocess.PIPE,  # its end ends the server, also when this process is killed
            stdout=log,
            stderr=log,
            pass_fds=(number,),
            start_new_session=True,  # Ctrl-C stops the run, which still has much to tell the server
            env={**os.environ, **TEMPORARY, **for_prefect_server(sign_in, address)},
        )
    if _own is None:
        atexit.register(end_server)
    leading = {ADDRESS: f"{address}/api", **for_prefect_clients(sign_in)}
    before = {name: os.environ.get(name) for name in leading}
    _own = _Server(process, leading[ADDRESS], home / DATABASE, log, making, before)
    os.environ.update(leading)


def makes_database() -> bool:
    """Returns whether this process's server creates its database first, which takes ten seconds."""
    return _own is not None and _own.making is not None


def wait_for_server() -> None:
    """Waits until this process's server answers. Raises ServiceError, with its output, if it does not."""
    if _own is None or _own.address != os.environ.get(ADDRESS):
        return
    try:
        # It listens from the start: the answer comes once it has made its database.
        httpx.get(f"{_own.address}/health", timeout=START_SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        _own.log.seek(0)
        lines = _own.log.read().decode(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        raise ServiceError(
            f"the temporary Prefect server, whose database is {_own.database}, did not start "
            f"({type(error).__name__}). Finished stages are kept. Its log ends with:\n  " + "\n  ".join(lines)
        ) from None
    if _own.making is not None:
        _own.making.close()
        _own.making = None


def end_server() -> None:
    """Ends this process's server and waits until it has written its last data."""
    global _own
    if _own is None:
        return
    server, _own = _own, None
    if os.environ.get(ADDRESS) == server.address:
        for name, value in server.environment_before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
    assert server.process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        server.process.stdin.close()
    try:
        server.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    server.log.close()
    if server.making is not None:
        server.making.close()


def refuse_unreachable_server(address: str) -> None:
    """Raises ServiceError if no server answers at an address; Prefect would show a traceback."""
    try:
        httpx.get(
            f"{address.rstrip('/')}/health", timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        )
    except httpx.TransportError as error:
        raise ServiceError(
            f"Prefect's server {address} is not reached ({error}): start it, or unset PREFECT_API_URL to run without "
            "one. Finished stages are kept"
        ) from None


@contextmanager
def translate_server_errors() -> Iterator[None]:
    """Translates Prefect's errors about a server that went away during a flow into a sentence."""
    # What is not sent is lost; that the flow could not be ended there is said below.
    logging.raiseExceptions = False
    try:
        yield
    except httpx.HTTPError as error:
        raise ServiceError(
            f"Prefect's server {os.environ.get(ADDRESS, '')} is gone ({error}) and was not told how this run ended. "
            "What was finished is kept: start it, or unset PREFECT_API_URL to run without one, and run the same "
            "command again"
        ) from None


def _creation_lock(database: Path) -> TextIO | None:
    """Returns the lock on creating the database; None if the database exists.

    Servers that make one database at once break it.
    """
    lock = wait_for_lock(database.with_name("database.lock"), lambda: None)
    if not database.exists():
        return lock
    lock.close()
    return None
