"""The temporary Prefect server: a real one, which answers, keeps what it was told, and is gone with who started it."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.execution import processes
from latent_audit.tasks.services import prefect_server
from latent_audit.tasks.services.prefect_server import (
    end_server,
    start_server,
    translate_server_errors,
    wait_for_server,
)
from latent_audit.tasks.storage.file_lock import try_lock

# Two processes that want a server at the same moment, where there is no database yet.
START = """
import sys, time
from pathlib import Path
from latent_audit.tasks.services.prefect_server import start_server, wait_for_server
start_server(Path(sys.argv[1]))
wait_for_server()
import os
print(os.environ["PREFECT_API_URL"], flush=True)
time.sleep(300)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    yield tmp_path
    end_server()


def begin(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", START, str(home)], stdout=subprocess.PIPE, text=True)


def gone(server: processes.Process) -> bool:
    deadline = time.monotonic() + 10
    while server.is_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not server.is_alive()


def test_two_that_start_at_once_both_answer_and_a_killed_one_leaves_none(home: Path) -> None:
    both = [begin(home), begin(home)]
    try:
        addresses = [process.stdout.readline().strip() for process in both if process.stdout is not None]
        assert len(set(addresses)) == 2
        assert [httpx.get(f"{address}/health", timeout=20).json() for address in addresses] == [True, True]
        assert all(address.startswith("http://127.0.0.1:") for address in addresses)
        servers = [server for process in both for server in processes.children(process.pid)]
        assert len(servers) == 2
    finally:
        for process in both:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    assert all(gone(server) for server in servers)
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        assert database.execute("select count(*) from flow_run").fetchone() == (0,)


def test_a_server_is_started_once_and_ends_when_told(home: Path) -> None:
    start_server(home)
    address = os.environ["PREFECT_API_URL"]
    lock = home / "database.lock"
    assert try_lock(lock) is None  # held until the database is made
    start_server(home)
    assert os.environ["PREFECT_API_URL"] == address
    (server,) = [
        child
        for child in processes.children(os.getpid())
        if "latent_audit.tasks.services.serve_prefect" in processes.command_of(child)
    ]
    wait_for_server()
    user, _, password = os.environ["PREFECT_API_AUTH_STRING"].partition(":")
    for known, headers, expected in (
        (None, {}, 401),
        ((user, password), {"origin": "http://evil.example"}, 403),
        ((user, password), {"host": "evil.example"}, 403),
        ((user, password), {}, 200),
    ):
        asked = httpx.post(f"{address}/flows/filter", json={}, auth=known, headers=headers, timeout=20)
        assert asked.status_code == expected
    assert (home / "prefect.db").stat().st_mode & 0o077 == 0
    free = try_lock(lock)
    assert free is not None
    free.close()
    end_server()
    assert not server.is_alive()
    assert "PREFECT_API_URL" not in os.environ
    assert "PREFECT_API_AUTH_STRING" not in os.environ


def test_a_server_that_cannot_start_is_said_with_its_words(home: Path) -> None:
    (home / "prefect.db").write_text("no database, but long enough to look like a broken one" * 100)
    start_server(home)
    with pytest.raises(ServiceError, match=r"(?s)prefect\.db, did not start.*file is not a database"):
        wait_for_server()


def test_a_server_of_the_users_is_asked_and_no_other_started(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = r"Prefect's server http://127\.0\.0\.1:1/api is not reached .* unset"
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    with pytest.raises(ServiceError, match=said):
        start_server(home)
    assert list(home.iterdir()) == []
    assert prefect_server._own is None


def test_a_server_that_went_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address that the run used, without its password."""
    monkeypatch.setenv("PREFECT_API_URL", "http://ada:secret@127.0.0.1:1/api")
    monkeypatch.setattr(logging, "raiseExceptions", True)
    said = r"127\.0\.0\.1:1/api is gone \(.*\) and was not told"
    with pytest.raises(ServiceError, match=said) as caught, translate_server_errors():
        httpx.get("http://127.0.0.1:1/api/health")
    assert "secret" not in str(caught.value)
