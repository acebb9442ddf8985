"""Processes identified by number and start time, because the system reuses numbers."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process by its number and its start time, in ticks since the machine started."""

    pid: int
    began: int

    def is_alive(self) -> bool:
        """Whether this process exists and is no zombie."""
        return find(self.pid) == self

    def facts(self) -> dict[str, int]:
        """Returns the process as JSON values."""
        return asdict(self)


def find(pid: int) -> Process | None:
    """Returns the process of a number, or None if there is none or a zombie, or the system has no /proc."""
    facts = _facts(pid)
    return None if facts is None or facts[0] in "ZX" else Process(pid, int(facts[19]))


def children(pid: int) -> list[Process]:
    """Returns the direct children of a process."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        facts = _facts(int(folder.name))
        if facts is not None and int(facts[1]) == pid and facts[0] not in "ZX":
            found.append(Process(int(folder.name), int(facts[19])))
    return found


def tree(pid: int) -> list[Process]:
    """Returns a process and all its descendants, parents first."""
    root = find(pid)
    found = [root] if root else []
    for process in found:
        found.extend(children(process.pid))
    return found


def of_session(session: int, since: int) -> list[Process]:
    """Returns the processes of a session that started at a time or later, also after its first process has ended."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        facts = _facts(int(folder.name))
        if (
            facts is not None
            and int(facts[3]) == session
            and facts[0] not in "ZX"
            and int(facts[19]) >= since
        ):
            found.append(Process(int(folder.name), int(facts[19])))
    return sorted(found, key=lambda process: (process.began, process.pid))


def command_of(process: Process) -> list[str]:
    """Returns the command line of a process as words; empty if it has ended."""
    try:
        return (
            (PROC / str(process.pid) / "cmdline")
            .read_text(encoding="utf-8", errors="replace")
            .split("\0")[:-1]
        )
    except OSError:
        return []


def end(processes: list[Process], patience_seconds: float) -> None:
    """Sends SIGTERM to processes, and kills those that do not end in time."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            if process.is_alive():
                with suppress(ProcessLookupError):  # it ends in this very moment
                    os.kill(process.pid, number)
        deadline = time.monotonic() + patience_seconds
        while any(process.is_alive() for process in processes) and time.monotonic() < deadline:
            time.sleep(0.05)


def _facts(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the state on; the name before it may hold any sign."""
    try:
        return (
            (PROC / str(pid) / "stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()
        )
    except OSError:
        return None
