"""An advisory file lock, released by the kernel when its process ends.

Its holder may remove the file while holding it: processes that waited for the old file then lock a new one.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO


def wait_for_lock(path: Path, on_wait: Callable[[], None]) -> TextIO:
    """Returns the open, locked file; calls `on_wait` once if another process holds it. Closing releases the lock."""
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
    """Returns the open, locked file, or None if another process holds the lock."""
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
    """Whether the open file is still the one at its path, and was not removed by its last holder."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False
