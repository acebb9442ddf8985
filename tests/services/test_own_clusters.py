"""Clusters that a run starts for itself: on loopback alone, without pages, and only for who has what the run has."""

import gc
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from latent_audit.tasks.execution import processes
from latent_audit.tasks.execution.workers import Kind, Workers

pytestmark = [
    pytest.mark.endurance,
    pytest.mark.timeout(600),
    # Their libraries leave sockets to the garbage collector, in whatever test it runs.
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]
ON_ALL = {"00000000", "0" * 32}


def listening() -> list[tuple[str, int]]:
    """Returns address (as /proc writes it) and port of whatever this process and those below it listen on."""
    ours = {
        str(file.readlink())
        for process in processes.tree(os.getpid())
        for file in Path(f"/proc/{process.pid}/fd").glob("*")
        if file.is_symlink() and os.path.lexists(file)
    }
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in ours:
                address, port = words[1].split(":")
                found.append((address, int(port, 16)))
    return found


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_it_listens_on_loopback_and_shows_no_page(kind: Kind) -> None:
    before = set(listening())
    with Workers(1, print, kind) as pool:
        assert pool.count == 1
        opened = set(listening()) - before
        assert opened
        assert not [place for place in opened if place[0] in ON_ALL]
        for _, port in opened:
            assert page(port) in (None, 401, 403, 404)
    gc.collect()


def page(port: int) -> int | None:
    """Returns the status of a page of a dashboard or job API; None where no HTTP is spoken."""
    for path in ("/status", "/api/jobs/", "/health", "/metrics", "/json/counts.json", "/"):
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5)
        except httpx.HTTPError:
            return None
        if answer.status_code != 404:
            return answer.status_code
    return 404


STRANGER = """
import sys
import distributed
try:
    client = distributed.Client(sys.argv[1], timeout=5)
    print(client.submit(int, "7").result(timeout=5))
except Exception as error:
    print(type(error).__name__)
"""
RAY_STRANGER = """
import os, sys
import ray
try:
    ray.init(sys.argv[1], logging_level="CRITICAL")
    print("joined")
except BaseException as error:
    print(type(error).__name__)
"""


def test_a_stranger_joins_no_cluster_of_dask() -> None:
    with Workers(1, print, "dask") as pool:
        (address,) = {pool._runner._cluster.scheduler_address}  # type: ignore[attr-defined]  # what a port scan finds
        assert address.startswith("tls://127.0.0.1:")
        for tried in (address.replace("tls", "tcp"), address):
            said = subprocess.run(
                [sys.executable, "-c", STRANGER, tried], capture_output=True, text=True, timeout=120
            )
            assert said.stdout.strip() not in ("7", ""), said
    gc.collect()


def test_a_stranger_joins_no_cluster_of_ray() -> None:
    import ray

    with Workers(1, print, "ray"):
        address = ray.get_runtime_context().gcs_address
        host, port = address.split(":")
        assert host == "127.0.0.1"
        socket.create_connection((host, int(port)), timeout=5).close()
        for mode in (
            {},
            {"RAY_AUTH_MODE": "disabled"},
            {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64},
        ):
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")
            }
            said = subprocess.run(
                [sys.executable, "-c", RAY_STRANGER, address],
                env={**environment, **mode}, capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            assert said.stdout.strip() not in ("joined", ""), (mode, said)
    gc.collect()
