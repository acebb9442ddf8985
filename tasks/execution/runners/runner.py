"""The interface of runners, which compute stages: in processes, in a thread, on a Dask or Ray cluster."""

import signal
from collections.abc import Iterable
from typing import Protocol

from latent_audit.tasks.errors import WorkerDied
from latent_audit.tasks.execution.runners.work_item import WorkItem

ASKED_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)


class Event(Protocol):
    """A flag between threads, processes or machines."""

    def is_set(self) -> bool:
        """Whether the flag is set."""

    def set(self) -> None:
        """Sets the flag for all observers."""

    def clear(self) -> None:
        """Clears the flag."""


class Runner(Protocol):
    """Computes work items, up to `count` at once, until `stop` is set."""

    count: int

    @property
    def stop(self) -> Event:
        """Set when the user asked to stop."""

    def compute(self, order: WorkItem) -> tuple[float, float]:
        """Waits for a stage; returns when it began and ended, in seconds since the epoch, or raises what it raised."""

    def close(self) -> None:
        """Ends the processes that were started for the run."""


def worker_died(label: str, exit_codes: Iterable[int] = ()) -> WorkerDied:
    """Returns the error message for a stage whose worker ended.

    exit_codes: of the workers that ended, negative for a signal, where they are known.
    """
    codes = set(exit_codes)
    # When one ended, the others are asked to end (SIGTERM): that says nothing of the first, unless all were.
    telling = codes - {-signal.SIGTERM} or codes
    number = -min(telling, default=-signal.SIGKILL)
    kept = "Finished stages are kept; run the same command again"
    if number in ASKED_TO_END:
        name = signal.Signals(number).name
        return WorkerDied(f"{label}: a worker process was sent {name} and ended. {kept}")
    if number in CRASHES:
        return WorkerDied(f"{label}: a worker process crashed ({signal.Signals(number).name}). {kept}")
    return WorkerDied(
        f"{label}: a worker process died, most often because memory ran out. {kept}, with fewer workers "
        "(--compute.workers 1) if it happens again"
    )
