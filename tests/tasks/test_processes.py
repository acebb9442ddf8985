"""Processes are known by number and start; a killed run's server is ended, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import processes
from tasks.errors import ServiceError
from tasks.file_lock import try_lock
from tasks.prefect_server import (
    database_is_made,
    end_orphans,
    note_server,
    refuse_unreachable_server,
    wait_for_database,
)
from tasks.processes import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# A word in its command is what a server is known by.
SERVER = [*SLEEP, "prefect.server.api.server:create_app"]


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    everything: list[subprocess.Popen[bytes]] = []
    yield everything
    for process in everything:
        process.kill()
        process.wait()


def begin(started: list[subprocess.Popen[bytes]], words: list[str]) -> Process:
    started.append(subprocess.Popen(words))
    found = processes.find(started[-1].pid)
    assert found is not None
    return found


def test_a_process_is_alive_until_it_ended(started: list[subprocess.Popen[bytes]]) -> None:
    process = begin(started, SLEEP)
    assert process.is_alive()
    assert process in processes.children(os.getpid())
    assert processes.tree(os.getpid())[0].pid == os.getpid()
    assert process in processes.tree(os.getpid())
    assert not Process(process.pid, process.began - 1).is_alive()  # another had the number before
    processes.end([process], 5)
    assert not process.is_alive()  # a zombie is dead
    assert processes.command_of(process) == []
    assert processes.find(2**22 + 5) is None


def test_who_does_not_listen_is_killed(started: list[subprocess.Popen[bytes]]) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    started.append(process)
    assert process.stdout is not None
    process.stdout.readline()
    found = processes.find(process.pid)
    assert found is not None
    processes.end([found], 0.2)
    assert process.wait(5) == -9
    process.stdout.close()


def test_only_servers_of_dead_runs_are_ended(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    assert note_server(tmp_path) is None  # this process has no server yet
    own = begin(started, SERVER)
    note = note_server(tmp_path)
    assert note is not None
    assert json.loads(note.read_text())["server"] == own.facts()
    orphan, reused = begin(started, SERVER), begin(started, SLEEP)
    dead = {"pid": 2**22 + 5, "began": 1}
    for name, server in (("a", orphan.facts()), ("b", {**reused.facts(), "began": 1})):
        (tmp_path / f"server-of-{name}.json").write_text(json.dumps({"owner": dead, "server": server}))
    (tmp_path / "server-of-c.json").write_text("{half")
    assert end_orphans(tmp_path) == 1
    assert [process.is_alive() for process in (own, orphan, reused)] == [True, False, True]
    assert list(tmp_path.iterdir()) == [note]


def test_one_process_at_a_time_makes_prefects_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    lock = tmp_path / "database.lock"
    wait_for_database(tmp_path)
    assert try_lock(lock) is None
    (tmp_path / "prefect.db").touch()  # begun, and not finished
    assert try_lock(lock) is None
    database_is_made()
    free = try_lock(lock)
    assert free is not None
    free.close()
    wait_for_database(tmp_path)  # it is there: nobody has to wait
    free = try_lock(lock)
    assert free is not None
    free.close()


def test_a_server_of_its_own_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    wait_for_database(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(
        ServiceError, match=r"Prefect's server http://127\.0\.0\.1:1/api is not reached .* unset"
    ):
        refuse_unreachable_server()
