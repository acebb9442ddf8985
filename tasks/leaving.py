"""How a process of ours ends: without a last look through everything that it imported."""

import atexit
import gc
import sys

# Bound to Python by a library that counts what is left at the end, and tells the user of all of it.
COUNTED = "triton"


def leave_at_once() -> None:
    """Spares this process the garbage collection at its end, which takes two seconds with torch and MLflow in it."""
    atexit.register(_leave)


def _leave() -> None:
    if COUNTED not in sys.modules:
        gc.freeze()
