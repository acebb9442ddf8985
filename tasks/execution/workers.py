"""Computes the stages of a run with the runner that the settings name, highest priority first."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from latent_audit.tasks.errors import StoreError
from latent_audit.tasks.execution.priority_semaphore import PrioritySemaphore, priority
from latent_audit.tasks.execution.runners.local import LocalRunner
from latent_audit.tasks.execution.runners.runner import Event, Runner
from latent_audit.tasks.execution.runners.serialized_work_item import may_travel
from latent_audit.tasks.execution.runners.work_item import Report, WorkItem, carry_out
from latent_audit.tasks.storage.shared_store import SharedStore

Kind = Literal["process", "thread", "dask", "ray"]


class Workers:
    """The workers of a run. Use as a context manager.

    Args:
        count: how many workers are started; of an existing cluster all are used.
        on_report: called with each report of progress.
        kind: processes of this machine, one thread of this process, a Dask or a Ray cluster.
        address: of a cluster that is there already.
        shared: the store through which a cluster's machines are handed stages, if they share no disk.
    """

    def __init__(
        self,
        count: int,
        on_report: Callable[[Report], None],
        kind: Kind = "process",
        address: str | None = None,
        shared: SharedStore | None = None,
    ) -> None:
        self._runner = _open(kind, address, count, on_report)
        self._shared = shared if kind in ("dask", "ray") else None
        self._turns = PrioritySemaphore(self._runner.count)
        self._on_report = on_report
        self._at_home = threading.Lock()
        self._at_work: dict[str, bool] = {}

    @property
    def count(self) -> int:
        """How many stages are computed at once."""
        return self._runner.count

    @property
    def stop(self) -> Event:
        """Asks what is computed to save and stop."""
        return self._runner.stop

    def at_work(self) -> dict[str, bool]:
        """Returns the labels of the stages that are computed now, and whether each saves where it is when stopped."""
        return dict(self._at_work)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def run(self, order: WorkItem) -> tuple[float, float]:
        """Has a stage computed into `order.folder` and waits for it; what it raises is raised here.

        Returns when computing started and ended, in seconds since the epoch, waiting for a free worker and the
        worker's own start left out.
        """
        with self._turns.taken(priority(order.inputs)), self._noted(order):
            if self._shared is None:
                return self._runner.compute(order)
            if not may_travel(order):
                with self._at_home:
                    return carry_out(order, self._on_report, self.stop.is_set)
            interval = self._runner.compute(order)
        if not self._shared.fetch(order.stage.name, order.key, order.folder):
            raise StoreError(
                f"{order.label}: a worker ended it, and it is not in the shared store {self._shared.address}"
            )
        return interval

    @contextmanager
    def _noted(self, order: WorkItem) -> Iterator[None]:
        self._at_work[order.label] = order.stage.saves
        try:
            yield
        finally:
            del self._at_work[order.label]


def _open(kind: Kind, address: str | None, count: int, on_report: Callable[[Report], None]) -> Runner:
    if kind == "dask":
        from latent_audit.tasks.execution.runners.dask_cluster import (
            DaskRunner,
        )  # here: an extra, and seconds to import

        return DaskRunner(address, count, on_report)
    if kind == "ray":
        from latent_audit.tasks.execution.runners.ray_cluster import RayRunner

        return RayRunner(address, count, on_report)
    return LocalRunner(kind, count, on_report)
