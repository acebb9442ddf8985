"""How a process of ours ends: without a last look through everything that it imported."""

import atexit
import gc
import multiprocessing
import os
import sys

# Bound to Python by a library that counts what is left at the end, and tells the user of all of it.
COUNTED = "triton"


def leave_at_once() -> None:
    """Spares this process the garbage collection at its end, which takes two seconds with torch and MLflow in it."""
    atexit.register(keep_for_good)


def leave_untidied() -> None:
    """Spares this process, whose results others have by then, all that Python does at its end: three seconds in a
    worker, whose parent waits for it, and which has imported what `keep_for_good` must leave alone.

    Returns at once; what is registered with `atexit` later still runs, and what multiprocessing tidies. The exit code
    is 0.
    """
    atexit.register(_end)
    # Since Python 3.13 multiprocessing gives back this process's semaphores in an exit handler of its own, registered
    # before ours and so run after it: never. Asking for its logger for the first time registers that handler anew.
    multiprocessing.get_logger()


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def keep_for_good() -> None:
    """Takes all that is there out of every later garbage collection."""
    if COUNTED not in sys.modules:
        gc.freeze()
