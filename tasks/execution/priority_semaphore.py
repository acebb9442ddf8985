"""Whose turn it is at the workers: what trains longest goes first, or the last training ends long after all else."""

import heapq
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# All trainings wait for the same data, and Prefect starts what became ready in any order, within a moment.
ARRIVING_SECONDS = 1.0


class PrioritySemaphore:
    """Lets as many in at once as there are workers, the most urgent of those who wait first."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: list[tuple[float, int]] = []
        self._arrivals = itertools.count()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, priority: float) -> Iterator[None]:
        """Waits for a turn and holds it. Of equal urgency, who came first goes first."""
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
    """Returns how long a stage with these inputs trains, in images shown to a plain VAE; 0 if it trains nothing."""
    shown = [
        value.training.steps * value.training.batch_size * getattr(value, "step_cost", 1.0)
        for value in inputs.values()
        if hasattr(value, "training")
    ]
    return float(max(shown, default=0))
