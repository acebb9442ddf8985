"""A lock that is a file. The kernel frees it when its holder dies, so nobody waits for the dead.

Its holder may remove the file while holding it: who waited for the old file then locks a new one.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO


def wait_for_lock(path: Path, on_wait: Callable[[], None]) -> TextIO:
    """Returns the open file, locked; calls `on_wait` once if somebody else holds it. Closing it frees it."""
    held = try_lock(path)
    if held is not None:
        return held
    on_wait()
    while True:
        handle = path.open("w", encoding="utf-8")
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_at(path, handle):
            return handle
        handle.close()


def try_lock(path: Path) -> TextIO | None:
    """Returns the open file, locked, or None if somebody else holds it."""
    while True:
        handle = path.open("w", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return None
        if _is_at(path, handle):
            return handle
        handle.close()


def _is_at(path: Path, handle: TextIO) -> bool:
    """Whether the file was not removed by its last holder between opening and locking it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False
