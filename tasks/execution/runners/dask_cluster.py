"""Computes stages on a Dask cluster: an existing one, or one started on this machine for the run.

Its workers must be able to import this project. They share this machine's store, or a run.shared_store.
"""

import logging
import os
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.execution.runners.runner import worker_died
from latent_audit.tasks.execution.runners.serialized_work_item import carry_out_anywhere
from latent_audit.tasks.execution.runners.stopping import StopForAll, polled_seldom
from latent_audit.tasks.execution.runners.work_item import Report, WorkItem
from latent_audit.tasks.storage.extras import needs_extra

if TYPE_CHECKING:
    import distributed

JOIN_SECONDS = 10.0
# Read when Dask is imported, here and in its workers.
NO_PAGES = {"DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]", "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]"}
ONE_THREAD = (
    "stages share what a process has but once, so a Dask worker must have one thread: start it with "
    "`dask worker ADDRESS --nworkers N --nthreads 1`"
)


class DaskRunner:
    """A client of a Dask scheduler.

    Args:
        address: of the scheduler (tcp://host:8786), or None for `count` workers on this machine's loopback.
        count: how many workers are started; the workers of an existing scheduler are counted.
        on_report: called with each report of progress.
    """

    def __init__(self, address: str | None, count: int, on_report: Callable[[Report], None]) -> None:
        if address is None:
            os.environ.update(NO_PAGES)
        with needs_extra("dask"):
            import distributed
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._distributed = distributed
        self._cluster: Any = None  # distributed has no types
        self._client: Any = None
        try:
            if address is None:
                self._cluster = _own_cluster(count)
            self._client = distributed.Client(
                self._cluster or address, timeout=JOIN_SECONDS, set_as_default=False
            )
            self.count = self._workers(address)
        except ServiceError:
            self._leave()
            raise
        except (OSError, RuntimeError, TimeoutError, ValueError) as error:
            self._leave()
            raise ServiceError(
                f"no Dask cluster to work with at {address or 'this machine'}: {error or type(error).__name__}. Start "
                "`dask scheduler --host 127.0.0.1` and `dask worker ADDRESS --nworkers 2 --nthreads 1`, or leave "
                "compute.address out and one is started for the run"
            ) from error
        self._name = f"latent-audit-{uuid.uuid4().hex}"
        flag = distributed.Event(self._name, client=self._client)
        self.stop = StopForAll(lambda up: flag.set() if up else flag.clear())
        self._client.subscribe_topic(self._name, lambda event: on_report(Report(**event[1]["report"])))

    def _workers(self, address: str | None) -> int:
        self._client.wait_for_workers(1, timeout=JOIN_SECONDS)
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if any(worker["nthreads"] != 1 for worker in workers):
            raise ServiceError(f"the Dask cluster at {address}: {ONE_THREAD}")
        return len(workers)

    def compute(self, order: WorkItem) -> tuple[float, float]:
        """Computes a stage on a worker. A worker that dies is replaced by another, three times."""
        work = partial(_work, order, self._name)
        future = self._client.submit(work, key=f"{order.stage.name}-{uuid.uuid4().hex}", pure=False)
        try:
            began, ended = future.result()
        except (self._distributed.KilledWorker, self._distributed.scheduler.NoValidWorkerError) as error:
            raise worker_died(order.label) from error
        return began, ended

    def close(self) -> None:
        """Disconnects from the cluster, and ends it if it was started for the run."""
        self.stop.set()
        self._leave()

    def _leave(self) -> None:
        for joined in (self._client, self._cluster):
            if joined is not None:
                joined.close()


def _own_cluster(count: int) -> "distributed.LocalCluster":
    """Starts a cluster that only this run can use, because clients of a Dask scheduler or worker can run code there.

    All of it listens on loopback, with a certificate made for it that only its own processes have, without dashboards
    and without pages of other kinds.
    """
    import distributed

    return distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, host="127.0.0.1", security=True, dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, memory_limit=0, silence_logs=logging.CRITICAL,
    )  # fmt: skip


def _work(order: WorkItem, name: str) -> tuple[float, float]:
    import distributed

    worker = distributed.get_worker()
    key = worker.get_current_task()
    shared = distributed.Event(name)

    def stopped() -> bool:
        """Whether the user stopped the run, or the run was killed and no client waits for the result."""
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled" or shared.is_set()

    def report(report: Report) -> None:
        worker.log_event(name, {"report": report.to_dict()})

    return carry_out_anywhere(order, report, polled_seldom(stopped))
