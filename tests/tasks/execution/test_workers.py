"""Worker processes: results, errors and progress come back; a stop goes out; a death has a sentence."""

import errno
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.errors import ServiceError, StageFailed
from latent_audit.tasks.execution.runners.local import start_early
from latent_audit.tasks.execution.runners.work_item import Report, WorkItem
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.workers import Kind, Workers
from tests.ports import free_port
from tests.tasks.execution.toy_stages import DIE, FAIL, IMPORT_OWN, INTERRUPTED, POLL, SQUARE, WAIT

REPORTS: list[Report] = []


# Clusters take seconds to start, and their libraries leave sockets to the garbage collector, in whatever test it runs.
CLUSTERS = [pytest.param(kind, marks=pytest.mark.endurance) for kind in ("dask", "ray")]
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module", params=["process", "thread", *CLUSTERS])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    REPORTS.clear()
    with Workers(1, REPORTS.append, request.param) as pool:
        yield pool
    gc.collect()


def run(workers: Workers, stage: Stage, folder: Path, inputs: Mapping[str, Any]) -> tuple[float, float]:
    place = folder / "files"
    place.mkdir(exist_ok=True)
    return workers.run(WorkItem(stage, "key", "run", stage.verb, inputs, "cpu", place, folder, folder))


def test_a_stage_is_computed_elsewhere_and_its_time_comes_back(workers: Workers, tmp_path: Path) -> None:
    before = time.time()
    started, ended = run(workers, SQUARE, tmp_path, {"number": 12})
    assert (tmp_path / "files" / "square.txt").read_text() == "144 on cpu"
    assert before <= started <= ended <= time.time()
    deadline = time.monotonic() + 5
    while Report("squaring", 2, 2, {"images_per_second": 7.0}) not in REPORTS:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["process", "thread"])
def test_own_code_is_found_by_workers_that_began_before_it_was_named(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    module = tmp_path / "code" / f"own_{kind}_module.py"
    module.write_text("")
    place = tmp_path / "files"
    place.mkdir()
    path = list(sys.path)
    with Workers(1, REPORTS.append, kind) as pool:
        run(pool, SQUARE, tmp_path, {"number": 2})
        pool.run(
            WorkItem(IMPORT_OWN, "key", "run", "importing", {"module": module.stem}, "cpu", place, tmp_path,
                     tmp_path, code_folders=(str(module.parent),))
        )  # fmt: skip
    sys.path[:] = path
    assert (place / "where.txt").read_text() == str(module)


def test_a_clock_that_is_put_back_takes_no_time_from_a_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = time.time
    with Workers(1, REPORTS.append, "thread") as pool:
        threading.Timer(0.2, lambda: monkeypatch.setattr(time, "time", lambda: true() - 86_400)).start()
        threading.Timer(0.5, pool.stop.set).start()
        started, ended = run(pool, WAIT, tmp_path, {})
    assert 0.3 <= ended - started < 60


def test_an_error_comes_back_as_it_was(workers: Workers, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device") as caught:
        run(workers, FAIL, tmp_path, {"code": errno.ENOSPC})
    assert caught.value.errno == errno.ENOSPC
    run(workers, SQUARE, tmp_path, {"number": 1})  # the worker lives on


def test_processes_have_one_thread_and_leave_interrupts_to_the_parent(tmp_path: Path) -> None:
    with Workers(1, REPORTS.append) as pool:
        run(pool, INTERRUPTED, tmp_path, {})
    assert (tmp_path / "files" / "threads.txt").read_text() == "1"


def test_processes_that_were_started_early_are_the_next_workers(tmp_path: Path) -> None:
    before = {process.pid for process in multiprocessing.active_children()}
    start_early(2)
    started = {process.pid for process in multiprocessing.active_children()} - before
    assert len(started) == 2
    with Workers(2, REPORTS.append) as pool:
        run(pool, SQUARE, tmp_path, {"number": 3})
        assert {process.pid for process in multiprocessing.active_children()} - before == started
    assert (tmp_path / "files" / "square.txt").read_text() == "9 on cpu"
    with Workers(2, REPORTS.append) as pool:  # they are taken but once
        run(pool, SQUARE, tmp_path, {"number": 4})
        assert not {process.pid for process in multiprocessing.active_children()} & started


def test_a_stop_reaches_the_stage(workers: Workers, tmp_path: Path) -> None:
    threading.Timer(0.3, workers.stop.set).start()
    try:
        run(workers, WAIT, tmp_path, {})
    finally:
        workers.stop.clear()
    assert (tmp_path / "checkpoint.txt").read_text() == "saved"


def test_a_thread_is_one_however_many_are_asked_for() -> None:
    with Workers(4, REPORTS.append, "thread") as one:
        assert one.count == 1


@pytest.mark.endurance
@pytest.mark.parametrize(("kind", "beginning"), [("dask", "tcp://"), ("ray", "")])
def test_a_cluster_that_is_not_there_has_a_sentence(kind: Kind, beginning: str) -> None:
    address = f"{beginning}127.0.0.1:{free_port()}"
    name = kind.capitalize()
    with pytest.raises(ServiceError, match=f"^no {name} cluster to work with at {address}: .*Start `{kind} "):
        Workers(1, REPORTS.append, kind, address)


def test_a_worker_that_is_killed_has_a_sentence(tmp_path: Path) -> None:
    said = (
        r"^dying: a worker process died, most often because memory ran out\. Finished stages are kept; run the "
        r"same command again, with fewer workers \(--compute\.workers 1\) if it happens again$"
    )
    with Workers(1, REPORTS.append) as pool, pytest.raises(StageFailed, match=said):
        run(pool, DIE, tmp_path, {})


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGTERM, r"^dying: a worker process was sent SIGTERM and ended\. Finished stages are kept"),
        (signal.SIGHUP, r"^dying: a worker process was sent SIGHUP and ended"),
        (signal.SIGSEGV, r"^dying: a worker process crashed \(SIGSEGV\)"),
    ],
)
def test_a_worker_that_was_sent_a_signal_is_not_called_out_of_memory(
    number: int, said: str, tmp_path: Path
) -> None:
    with Workers(1, REPORTS.append) as pool, pytest.raises(StageFailed, match=said):
        run(pool, DIE, tmp_path, {"number": int(number)})


def test_a_worker_that_is_killed_while_it_asks_whether_to_stop_blocks_nobody(tmp_path: Path) -> None:
    """With a lock around the answer it dies holding it in most of these, and the question waits for ever."""
    for attempt in range(3):
        home = tmp_path / str(attempt)
        home.mkdir()
        with Workers(1, REPORTS.append) as pool:
            asked = threading.Thread(target=failing, args=(pool, home), daemon=True)
            asked.start()
            while not (home / "began").is_file() or not (home / "began").read_text():
                time.sleep(0.01)
            os.kill(int((home / "began").read_text()), signal.SIGKILL)
            asked.join(30)
            assert not asked.is_alive()
            answered = threading.Thread(target=pool.stop.is_set, daemon=True)
            answered.start()
            answered.join(5)
            assert not answered.is_alive()


def failing(pool: Workers, folder: Path) -> None:
    with pytest.raises(StageFailed):
        run(pool, POLL, folder, {})
