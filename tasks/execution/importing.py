"""Imports without the garbage collector, which would look through all that is loaded again and again: nothing of it is
garbage. It takes a fifth of the start of a run.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from latent_audit.tasks.execution.leaving import keep_for_good


@contextmanager
def uncollected(for_good: bool = False) -> Iterator[None]:
    """Keeps the collector away for as long as it is open; from what is there by then for good, if that is wanted."""
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            keep_for_good()
        gc.enable()
