"""Scheduling priority: longest training first, to minimise the makespan."""

import heapq
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# All trainings wait for the same data, and Prefect starts what became ready in any order, within a moment.
ARRIVING_SECONDS = 1.0


class PrioritySemaphore:
    """A semaphore with one place per worker, which admits waiting threads by priority."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: list[tuple[float, int]] = []
        self._arrivals = itertools.count()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, priority: float) -> Iterator[None]:
        """Waits for a place and holds it. Equal priorities are admitted in order of arrival."""
        with self._changed:
            mine = (-priority, next(self._arrivals))
            heapq.heappush(self._waiting, mine)
            if priority > 0:
                self._changed.wait_for(lambda: False, ARRIVING_SECONDS)
            self._changed.wait_for(lambda: self._free > 0 and self._waiting[0] == mine)
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()  # another worker may be free for the next
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()


def priority(inputs: Mapping[str, Any]) -> float:
    """Returns the training cost of a stage with these inputs, in images of a plain VAE; 0 without training."""
    shown = [
        value.training.steps * value.training.batch_size * getattr(value, "step_cost", 1.0)
        for value in inputs.values()
        if hasattr(value, "training")
    ]
    return float(max(shown, default=0))
