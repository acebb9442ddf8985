"""Handles Ctrl-C and SIGTERM: the first signal asks stages to stop, the second ends the process.

Python runs a signal's handler between two steps of the main thread: what waits for a lock there waits for ever if the
main thread, or a worker that the same signal killed, holds it. So the handler takes no lock. A thread of its own reads
the signals from a pipe that the system's handler writes to, whatever the main thread is doing.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from types import FrameType

from latent_audit.tasks.execution import processes
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.workers import Workers

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# From the second signal on; what is not told or written by then is left.
END_SECONDS = 6.0
EXIT_CODE = 130
AGAIN = "press Ctrl-C again to end at once"
ENDED = "latent-audit: ended; the same command goes on from the last finished stage"


class Stopping:
    """Handles the signals of one run. Use as a context manager; does nothing outside the main thread.

    Until `workers` is set nothing is computed, and the first signal ends the process.
    """

    def __init__(self, progress: ProgressDisplay) -> None:
        self.workers: Workers | None = None
        self._progress = progress
        self._count = 0
        self._in_main_thread = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Stopping":
        if self._in_main_thread:
            reading, self._writing = os.pipe()
            os.set_blocking(self._writing, False)
            threading.Thread(target=self._watch, args=(reading,), name="signals", daemon=True).start()
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
            self._wakeup_before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._in_main_thread:
            signal.set_wakeup_fd(self._wakeup_before)
            for number, handler in self._before.items():
                signal.signal(number, handler)
            os.close(self._writing)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 1 or self.workers is None:
            raise KeyboardInterrupt

    def _watch(self, reading: int) -> None:
        seen = 0
        while received := os.read(reading, 1):
            if received[0] in SIGNALS:
                seen += 1
                if seen == 1:
                    self._request_stop()
                else:
                    _end_soon()
        os.close(reading)

    def _request_stop(self) -> None:
        workers = self.workers
        if workers is not None:
            at_work = workers.at_work()  # before they hear of it
            workers.stop.set()
            self._progress.line(stopping_sentence(at_work))


def stopping_sentence(at_work: dict[str, bool]) -> str:
    """Returns the message on a stop for the running stages, given whether each saves its state."""
    others = sorted(label for label, saves in at_work.items() if not saves)
    said = ["training saves where it is"] if any(at_work.values()) else []
    if others:
        said.append(f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} finished first and kept")
    return f"stopping{': ' if said else ''}{'; '.join(said)}; {AGAIN}"


def _end_soon() -> None:
    """Ends the workers now, and this process after a delay if it has not ended by itself."""
    for child in multiprocessing.active_children():
        child.kill()
    time.sleep(END_SECONDS)
    print(ENDED, file=sys.stderr, flush=True)
    # A server that this process started ends by itself, once it has written down what it was told.
    for process in processes.tree(os.getpid())[1:]:
        if "latent_audit.tasks.services.serve_prefect" not in processes.command_of(process):
            processes.end([process], 0)
    os._exit(EXIT_CODE)
