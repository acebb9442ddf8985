"""Computes stages on this machine: in single-threaded processes, one per core, or in a thread of this process.

The processes import neither Prefect nor MLflow. Progress comes back through a queue; a stop goes out through an
event.
"""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.process import BaseProcess
from typing import Any, Literal, Protocol

from latent_audit.tasks.execution.process_setup import exit_without_cleanup, without_garbage_collection
from latent_audit.tasks.execution.runners.runner import ASKED_TO_END, Event, worker_died
from latent_audit.tasks.execution.runners.work_item import Report, WorkItem, carry_out

# That workers take to end once one of them has.
END_SECONDS = 2.0


class _Queue(Protocol):
    def put(self, item: Report | None) -> None: ...
    def get(self) -> Report | None: ...


class _Flag:
    """An event without a lock: a worker killed while holding a lock would block all others."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def is_set(self) -> bool:
        """Whether the flag is set."""
        return bool(self._shared.value)

    def set(self) -> None:
        """Sets the flag for all processes."""
        self._shared.value = 1

    def clear(self) -> None:
        """Clears the flag."""
        self._shared.value = 0


class _Processes:
    """Worker processes, a queue of their reports, and a flag that stops them."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.count = count
        self.stop: Event = _Flag(context.RawValue("b", 0))
        self.reports: _Queue = context.SimpleQueue()
        started = (self.reports, self.stop, context.Value("i", 0), count)
        self.pool = ProcessPoolExecutor(
            count, mp_context=context, initializer=_start_process, initargs=started
        )


_started_early: _Processes | None = None


def start_early(count: int) -> None:
    """Starts worker processes that import training code while their parent waits for something else.

    The next runner of so many processes takes them.
    """
    global _started_early
    _started_early = _Processes(count)
    for _ in range(count):
        _started_early.pool.submit(_import_what_trains)


def _import_what_trains() -> None:
    with without_garbage_collection():
        import_module("latent_audit.tasks.stages.training.train_model")
        # The first optimiser of a process imports nearly as much as torch itself.
        import_module("torch._dynamo")


def _take_started(count: int) -> _Processes:
    global _started_early
    started, _started_early = _started_early, None
    return started if started is not None and started.count == count else _Processes(count)


@dataclass
class _Process:
    """State of a worker process, set when it starts."""

    reports: _Queue
    stop: Event


_process: _Process | None = None


class LocalRunner:
    """Worker processes, or one thread, started when first needed.

    Args:
        kind: which of the two.
        count: how many processes; a thread is always one, since stages share what a process has but once.
        on_report: called with each report of progress.
    """

    def __init__(
        self, kind: Literal["process", "thread"], count: int, on_report: Callable[[Report], None]
    ) -> None:
        self.count = count if kind == "process" else 1
        self.stop: Event
        self._reports: _Queue
        self._pool: Executor
        if kind == "process":
            processes = _take_started(count)
            self.stop, self._reports, self._pool = processes.stop, processes.reports, processes.pool
        else:
            self.stop, self._reports = threading.Event(), queue.SimpleQueue()
            self._pool = ThreadPoolExecutor(1, "stages", _start_thread, (self._reports, self.stop))
        self._children: dict[int, BaseProcess] = {}
        self._on_report = on_report
        self._listener = threading.Thread(target=self._listen, name="progress", daemon=True)
        self._listener.start()

    def compute(self, order: WorkItem) -> tuple[float, float]:
        """Computes a stage and waits for it; returns when it began and ended, in seconds since the epoch."""
        try:
            # Before, since a worker that is there may end at once; after, since one may be started for this.
            self._note_children()
            future = self._pool.submit(_compute, order)
            self._note_children()
            return future.result()
        except BrokenProcessPool as error:
            codes = self._exit_codes()
            if codes and codes <= {-number for number in ASKED_TO_END}:
                self._wait_for_stop()  # the same signal may be meant for all processes, and is on its way to this one
            raise worker_died(order.label, codes) from error

    def close(self) -> None:
        """Stops the running stages and ends the workers."""
        self.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        # In a thread: a worker that was killed while it reported holds the queue's lock for ever.
        threading.Thread(target=self._reports.put, args=(None,), name="last report", daemon=True).start()
        self._listener.join(timeout=5)

    def _note_children(self) -> None:
        self._children.update({child.pid: child for child in multiprocessing.active_children() if child.pid})

    def _exit_codes(self) -> set[int]:
        """Returns the exit codes of the workers that ended, without zeros."""
        children, deadline = list(self._children.values()), time.monotonic() + END_SECONDS
        for child in children:
            child.join(timeout=END_SECONDS)
            # The pool's own thread may have fetched the code, and not have noted it yet.
            while child.exitcode is None and time.monotonic() < deadline:
                time.sleep(0.01)
        return {child.exitcode for child in children if child.exitcode}

    def _wait_for_stop(self) -> None:
        deadline = time.monotonic() + END_SECONDS
        while not self.stop.is_set() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _listen(self) -> None:
        while (report := self._reports.get()) is not None:
            self._on_report(report)


def _end_with_parent() -> None:
    """Ends this worker when its parent ends; a killed parent closes no pipe that the worker reads."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _start_thread(reports: _Queue, stop: Event) -> None:
    global _process
    _process = _Process(reports, stop)


def _start_process(reports: _Queue, stop: Event, counter: Any, count: int) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what stops, and when.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with counter.get_lock():
        index = counter.value
        counter.value += 1
    exit_without_cleanup()
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) == count:  # with fewer workers than cores, pinning could put two runs on the same one
        os.sched_setaffinity(0, {cores[index % count]})
    _start_thread(reports, stop)


def _compute(order: WorkItem) -> tuple[float, float]:
    assert _process is not None
    return carry_out(order, _process.reports.put, _process.stop.is_set)
