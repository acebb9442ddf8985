"""Processes are known by number and start, and only those that are meant are ended."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from latent_audit.tasks.execution import processes
from latent_audit.tasks.execution.processes import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


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
