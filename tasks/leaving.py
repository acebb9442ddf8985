"""How a process of ours ends: without a last look through everything that it imported."""

import atexit
import gc
import sys

# Bound to Python by a library that counts what is left at the end, and tells the user of all of it.
COUNTED = "triton"


def leave_at_once() -> None:
    """Spares this process the garbage collection at its end, which takes two seconds with torch and MLflow in it."""
    atexit.register(keep_for_good)


def keep_for_good() -> None:
    """Takes all that is there out of every later garbage collection."""
    if COUNTED not in sys.modules:
        gc.freeze()
