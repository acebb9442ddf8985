"""Where stages are computed: single-threaded processes, one a core, started once and kept for the whole run.

They import neither Prefect nor MLflow. Progress comes back through a queue; a stop goes out through an event.
Instead, one thread of this process can compute everything, one stage after another.
"""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from tasks.errors import StageFailed, Stopped
from tasks.leaving import leave_at_once
from tasks.stage import Bench, Stage
from tasks.turns import Turns, urgency

Runner = Literal["process", "thread"]

# Enough for a bar that moves, little enough to cost nothing.
REPORT_EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Report:
    """Where a stage stands. Facts may hold images_per_second, seconds_left and losses."""

    label: str
    done: int
    total: int
    facts: Mapping[str, float]


class _Queue(Protocol):
    def put(self, item: Report | None) -> None: ...
    def get(self) -> Report | None: ...


class _Event(Protocol):
    def is_set(self) -> bool: ...
    def set(self) -> None: ...
    def clear(self) -> None: ...


@dataclass
class _Process:
    """What a process that computes knows of the run; set when it starts."""

    reports: _Queue
    stop: _Event


_process: _Process | None = None


class Workers:
    """A pool of workers. Use as a context manager; they start when first needed.

    Args:
        count: how many processes; a thread is always one, since stages share what a process has but once.
        on_report: called with each report of progress.
        runner: whether processes or a thread of this one compute.
    """

    def __init__(self, count: int, on_report: Callable[[Report], None], runner: Runner = "process") -> None:
        self.count = count if runner == "process" else 1
        self.stop: _Event
        self._reports: _Queue
        self._pool: Executor
        if runner == "process":
            context = multiprocessing.get_context("spawn")
            self.stop, self._reports = context.Event(), context.SimpleQueue()
            started = (self._reports, self.stop, context.Value("i", 0), count)
            self._pool = ProcessPoolExecutor(
                count, mp_context=context, initializer=_start_process, initargs=started
            )
        else:
            self.stop, self._reports = threading.Event(), queue.SimpleQueue()
            self._pool = ThreadPoolExecutor(1, "stages", _start_thread, (self._reports, self.stop))
        self._turns = Turns(self.count)
        self._on_report = on_report
        self._listener = threading.Thread(target=self._listen, name="progress", daemon=True)

    def __enter__(self) -> "Workers":
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._reports.put(None)
        self._listener.join(timeout=5)

    def run(
        self,
        stage: Stage,
        folder: Path,
        label: str,
        inputs: Mapping[str, Any],
        device: str,
        work_folder: Path,
        deadline_seconds: float | None,
    ) -> tuple[float, float]:
        """Computes a stage in a worker and waits for it; what it raises is raised here.

        Returns when computing started and ended, in seconds since the epoch, waiting for a free worker and the
        worker's own start left out.
        """
        try:
            with self._turns.taken(urgency(inputs)):
                return self._pool.submit(
                    _compute, stage, folder, label, dict(inputs), device, work_folder, deadline_seconds
                ).result()
        except BrokenProcessPool as error:
            raise StageFailed(
                f"{label}: a worker process died, most often because memory ran out. Finished stages are "
                "kept; run the same command again, with fewer workers (--compute.workers 1) if it happens again"
            ) from error

    def _listen(self) -> None:
        while (report := self._reports.get()) is not None:
            self._on_report(report)


def _end_with_parent() -> None:
    """A killed parent closes nothing that a worker reads from, so the worker has to watch it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _start_thread(reports: _Queue, stop: _Event) -> None:
    global _process
    _process = _Process(reports, stop)
    import torch  # here: the parent of processes never needs it

    torch.set_num_threads(1)


def _start_process(reports: _Queue, stop: _Event, counter: Any, count: int) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what stops, and when.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with counter.get_lock():
        index = counter.value
        counter.value += 1
    leave_at_once()
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) == count:  # with fewer workers than cores, pinning could put two runs on the same one
        os.sched_setaffinity(0, {cores[index % count]})
    _start_thread(reports, stop)


def _compute(
    stage: Stage,
    folder: Path,
    label: str,
    inputs: dict[str, Any],
    device: str,
    work_folder: Path,
    deadline_seconds: float | None,
) -> tuple[float, float]:
    assert _process is not None
    process = _process
    if process.stop.is_set():  # it waited for a free worker until the user asked to stop
        raise Stopped("stopped before this stage began")
    last = 0.0

    def report(done: int, total: int, facts: Mapping[str, float]) -> None:
        nonlocal last
        if done >= total or time.monotonic() - last >= REPORT_EVERY_SECONDS:
            last = time.monotonic()
            process.reports.put(Report(label, done, total, dict(facts)))

    started, clock = time.time(), time.monotonic()
    stage.compute(folder, Bench(device, work_folder, report, process.stop.is_set, deadline_seconds), **inputs)
    # Not the time of day at the end: the clock may have been put back meanwhile.
    return started, started + time.monotonic() - clock
