"""MLflow's own server over a SQLite store, on a free port of this machine."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port

# Seconds until it answers; a machine that runs other tests needs many.
SLOWEST_START = 120.0


@contextmanager
def mlflow_server(store: Path, folder: Path, workers: int = 1) -> Iterator[str]:
    """Serves the store while the block runs, with its log in `folder`; yields its address."""
    port = free_port()
    words = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    log = folder / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words, "--backend-store-uri", f"sqlite:///{store}"],
            cwd=folder,
            env={
                **os.environ,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # no workers for jobs beside it
            },
            stdout=file,
            stderr=file,
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once the server answers; fails the test, with the server's log, where it does not."""
    deadline = time.monotonic() + SLOWEST_START
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"MLflow's server did not start: {log.read_text()}")
