"""A long-running service of this machine: started in its own session, found by its record, ended with its children.

The record, <folder>/<name>.json, states its process and start time, so that no other process is ever ended. That
process leads a session of its own, and so what it started is known as its own also when it was killed.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.execution import processes
from latent_audit.tasks.execution.processes import Process
from latent_audit.tasks.storage.private_files import private_file, private_folder
from latent_audit.tasks.storage.service_note import read_note
from latent_audit.tasks.storage.store import writing

LOOK_AGAIN_SECONDS = 0.2
PATIENCE_SECONDS = 10.0
LOG_LINES_SHOWN = 5


@dataclass(frozen=True)
class Service:
    """A service: how to start it and how to check it.

    Args:
        name: a word; note and log are called after it.
        command: the program, by its whole path, and its words.
        address: what users open; None where nothing listens.
        port: the port that must be free before it starts; None where nothing listens.
        is_well: asks the service itself; may raise httpx.HTTPError.
        environment: additional environment variables, also for secrets, because command lines are public.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    address: str | None
    port: int | None
    is_well: Callable[[], bool]


@dataclass(frozen=True)
class State:
    """State of a service: not running, running, or running and answering."""

    name: str
    process: Process | None
    is_well: bool
    address: str | None


def begin(service: Service, folder: Path) -> State:
    """Starts a service unless it runs already; writes its record and its log to `folder`.

    Raises ServiceError if another process has its port.
    """
    found = state(service, folder)
    if found.process is not None:
        return found
    if service.port is not None and _is_taken(service.port):
        raise ServiceError(
            f"port {service.port} on 127.0.0.1, which {service.name} was to listen on, is taken by another "
            f"program: end it, or give another port (latent-audit up --help)"
        )
    private_folder(folder)
    private_file(_log(service.name, folder))
    pid = _spawn(service, _log(service.name, folder))
    process = processes.find(pid)
    if process is None:
        raise ServiceError(_ended(service.name, folder))
    note = _note(service.name, folder)
    try:
        with writing(note):
            new = note.with_suffix(".new")
            private_file(new)
            new.write_text(json.dumps({**process.facts(), "address": service.address}), encoding="utf-8")
            new.replace(note)
    except BaseException:  # without a record nothing would find it again
        processes.end(_alive(process), PATIENCE_SECONDS)
        raise
    return State(service.name, process, False, service.address)


def wait_until_well(service: Service, folder: Path, seconds: float) -> State:
    """Returns the state once the service answers; raises ServiceError, with the end of its log, if it does not."""
    deadline = time.monotonic() + seconds
    while True:
        found = state(service, folder)
        if found.is_well:
            return found
        if found.process is None:
            raise ServiceError(_ended(service.name, folder))
        if time.monotonic() > deadline:
            raise ServiceError(
                f"{service.name} did not answer within {seconds:.0f} s; its log is {_log(service.name, folder)}"
            )
        time.sleep(LOOK_AGAIN_SECONDS)


def state(service: Service, folder: Path) -> State:
    """Returns the state of a service."""
    noted, address = _noted(service.name, folder)
    process = next(iter(_alive(noted)), None)
    if process is None:
        return State(service.name, None, False, address)
    try:
        return State(service.name, process, service.is_well(), address)
    except httpx.HTTPError:
        return State(service.name, process, False, address)


def end(name: str, folder: Path) -> bool:
    """Ends a service with all its descendants; returns whether it ran."""
    noted, _ = _noted(name, folder)
    everything = _alive(noted)
    processes.end(everything, PATIENCE_SECONDS)
    note = _note(name, folder)
    if not note.is_dir() or note.is_symlink():  # a folder is none of ours
        note.unlink(missing_ok=True)
    return bool(everything)


def _alive(noted: Process | None) -> list[Process]:
    """Returns the running processes of a service, in the order of their start."""
    if noted is None:
        return []
    now = processes.find(noted.pid)
    if now is not None and now != noted:
        return []  # the number is another's by now, and was only given away once nothing was left of the session
    own = [noted] if now is not None else []
    below = [
        process
        for member in processes.of_session(noted.pid, noted.began)
        for process in processes.tree(member.pid)
    ]
    return list(dict.fromkeys([*own, *below]))


def _spawn(service: Service, log: Path) -> int:
    """Starts the program in a session of its own, so that Ctrl-C here is not meant for it; returns its number.

    Not by subprocess, which warns of programs that it leaves running.
    """
    with log.open("w", encoding="utf-8") as output, Path(os.devnull).open(encoding="utf-8") as nothing:
        places = ((nothing, 0), (output, 1), (output, 2))
        return os.posix_spawn(
            service.command[0],
            list(service.command),
            {**os.environ, **service.environment},
            file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), number) for file, number in places],
            setsid=True,
            # A shell ignores them for what it starts in the background, and children inherit that: a service could
            # not be ended, nor could it end what it runs.
            setsigdef=[signal.SIGINT, signal.SIGHUP, signal.SIGTERM],
        )


def _noted(name: str, folder: Path) -> tuple[Process | None, str | None]:
    """Returns the content of a record; empty if it is missing or has another form."""
    match read_note(_note(name, folder)):
        case {"pid": int(pid), "began": int(began), "address": str() | None as address} if pid > 0:
            return Process(pid, began), address
    return None, None


def _note(name: str, folder: Path) -> Path:
    return folder / f"{name}.json"


def _log(name: str, folder: Path) -> Path:
    return folder / f"{name}.log"


def _ended(name: str, folder: Path) -> str:
    lines = _log(name, folder).read_text(errors="replace", encoding="utf-8").splitlines()[-LOG_LINES_SHOWN:]
    return f"{name} ended at once; its log {_log(name, folder)} ends with:\n  " + "\n  ".join(lines)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
