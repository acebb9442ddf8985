"""Computes stages on a Ray cluster: an existing one, or one started on this machine for the run.

Its nodes must be able to import this project. They share this machine's store, or a run.shared_store.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.execution.runners.runner import worker_died
from latent_audit.tasks.execution.runners.serialized_work_item import carry_out_anywhere
from latent_audit.tasks.execution.runners.stopping import StopForAll, polled_seldom
from latent_audit.tasks.execution.runners.work_item import REPORT_EVERY_SECONDS, Report, WorkItem
from latent_audit.tasks.storage.extras import needs_extra

JOIN_SECONDS = 10.0
# Ray takes 127.0.0.1 for a wish to be reached from elsewhere, but for systems whose firewall would ask the user;
# this variable makes any system one of them.
AUTHENTICATION, TOKEN = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"
LOOPBACK_ALONE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
# Ray's autoscaler serves metrics on a port of its own, to anyone. No setting turns it off; on a port that cannot exist
# it starts no server (seen with Ray 2.60: the error is caught and logged).
METRICS_PORT, NO_PORT = "AUTOSCALER_METRIC_PORT", "-1"


class RayRunner:
    """A driver of a Ray cluster. Its stages end with this process.

    Args:
        address: of the head (host:6379), or None for `count` workers on this machine's loopback.
        count: how many workers are started; the CPUs of a cluster that is there already are counted.
        on_report: called with each report of progress.
    """

    def __init__(self, address: str | None, count: int, on_report: Callable[[Report], None]) -> None:
        if address is None:
            os.environ.setdefault(LOOPBACK_ALONE, "0")
            os.environ.setdefault(METRICS_PORT, NO_PORT)
            # Whoever reaches a head of Ray runs code there: this one answers to who has the token, in environments
            # alone. Ray would write one into the user's home.
            os.environ.setdefault(AUTHENTICATION, "token")
            os.environ.setdefault(TOKEN, secrets.token_hex(32))
        with needs_extra("ray"):
            import ray
        self._ray: Any = ray  # its decorators hide what they return from type checkers
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        here: dict[str, Any] = {
            "num_cpus": count,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
        try:
            if address is not None:
                _knock(address)
            ray.init(address=address or "local", **quiet, **({} if address else here))
        except (OSError, RuntimeError, ValueError) as error:
            raise ServiceError(
                f"no Ray cluster to work with at {address or 'this machine'}: {error}. Start "
                "`ray start --head --node-ip-address 127.0.0.1`, or leave compute.address out and one is started for "
                "the run"
            ) from error
        self.count = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._board = self._ray.remote(num_cpus=0)(_Board).remote()
        self._work = self._ray.remote(num_cpus=1, max_retries=0)(_work)
        self.stop = StopForAll(lambda up: self._board.stop.remote(up))
        self._on_report, self._open = on_report, True
        self._listener = threading.Thread(target=self._listen, name="progress", daemon=True)
        self._listener.start()

    def compute(self, order: WorkItem) -> tuple[float, float]:
        """Computes a stage on a worker."""
        try:
            began, ended = self._ray.get(self._work.remote(order, self._board))
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from error
        except (self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.NodeDiedError) as error:
            raise worker_died(order.label) from error
        return began, ended

    def close(self) -> None:
        """Disconnects from the cluster, and ends it if it was started for the run."""
        self.stop.set()
        self._open = False
        self._listener.join(timeout=5)
        self._ray.shutdown()

    def _listen(self) -> None:
        while self._open:
            for report in self._ray.get(self._board.take.remote()):
                self._on_report(Report(**report))
            time.sleep(REPORT_EVERY_SECONDS)


def _knock(address: str) -> None:
    """Raises OSError if nothing listens at the address; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=JOIN_SECONDS).close()


class _Board:
    """Messages between workers and the run, stored in the cluster."""

    def __init__(self) -> None:
        self._reports: list[dict[str, Any]] = []
        self._stopped = False

    def report(self, report: dict[str, Any]) -> None:
        self._reports.append(report)

    def take(self) -> list[dict[str, Any]]:
        taken, self._reports = self._reports, []
        return taken

    def stop(self, on: bool) -> None:
        self._stopped = on

    def is_stopped(self) -> bool:
        return self._stopped


def _work(order: WorkItem, board: Any) -> tuple[float, float]:
    import ray

    def stopped() -> bool:
        return bool(ray.get(board.is_stopped.remote()))

    return carry_out_anywhere(
        order, lambda report: board.report.remote(report.to_dict()), polled_seldom(stopped)
    )
