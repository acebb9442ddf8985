"""What computes stages, wherever it is: this machine's processes, a thread, a Dask cluster or a Ray head."""

from typing import Protocol

from tasks.errors import WorkerDied
from tasks.runners.order import Order


class Event(Protocol):
    """A flag between threads, processes or machines."""

    def is_set(self) -> bool:
        """Whether it is up."""

    def set(self) -> None:
        """Puts it up, for all who look at it."""

    def clear(self) -> None:
        """Takes it down."""


class Runner(Protocol):
    """Computes orders, up to `count` at once, until `stop` is set."""

    count: int
    stop: Event

    def compute(self, order: Order) -> tuple[float, float]:
        """Waits for a stage; returns when it began and ended, in seconds since the epoch, or raises what it raised."""

    def close(self) -> None:
        """Ends what was started for the run, and nothing else."""


def worker_died(label: str) -> WorkerDied:
    """Returns the sentence for a stage whose worker ended under it."""
    return WorkerDied(
        f"{label}: a worker process died, most often because memory ran out. Finished stages are kept; run the same "
        "command again, with fewer workers (--compute.workers 1) if it happens again"
    )
