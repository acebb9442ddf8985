"""Sides that run as processes of their own: a peer in its own environment, or ours as one process a core.

A side is `python -m benchmarks.NAME ...`, and its last line is a JSON object with "start" and "end" (seconds of the
system-wide clock, start-up and the first steps left out) and "images".
"""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import cores
from latent_audit.tasks.execution.process_setup import ALLOCATOR, THREADS

ROOT = Path(__file__).resolve().parents[1]


class SideFailed(Exception):
    """A side's process ended with an error; the message is the end of what it said."""


@dataclass(frozen=True)
class Way:
    """How a side's processes run: "ours, one process a core", "pythae, one process, our malloc settings"."""

    python: str
    words: tuple[str, ...]
    each_core: bool
    malloc: bool

    def run(self, seed: int) -> list[dict[str, Any]]:
        """Returns what each process said; raises SideFailed. Seeds count up from `seed`."""
        places: Sequence[int | None] = cores() if self.each_core else (None,)
        started = [self._start(seed + number, core) for number, core in enumerate(places)]
        # All are waited for before any failure is told of: none may go on under the next side.
        ended = [(child, *child.communicate()) for child in started]
        for child, _, errors in ended:
            if child.returncode:
                raise SideFailed(errors.strip()[-3000:])
        return [json.loads(output.strip().splitlines()[-1]) for _, output, _ in ended]

    def _start(self, seed: int, core: int | None) -> subprocess.Popen[str]:
        """Starts one process, pinned to `core` unless None, then with a thread for each core."""
        # Ours stand in this process's own environment; a peer gets them only where the way says so.
        environment = {name: text for name, text in os.environ.items() if name not in ALLOCATOR}
        threads = str(len(cores()) if core is None else 1)
        environment |= dict.fromkeys(THREADS, threads) | (ALLOCATOR if self.malloc else {})

        def pin() -> None:
            if core is not None:
                os.sched_setaffinity(0, {core})

        return subprocess.Popen(
            [self.python, "-m", *self.words, "--seed", str(seed)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=pin,
        encoding="utf-8")  # fmt: skip


def images_per_second(records: Sequence[dict[str, Any]]) -> float:
    """Returns images of all processes a second, from the first start to the last end."""
    span = max(one["end"] for one in records) - min(one["start"] for one in records)
    return sum(one["images"] for one in records) / span


def ways(name: str, python: str, words: Sequence[str], mallocs: Sequence[bool]) -> dict[str, Way]:
    """Returns one process on all cores and one process a core, each with and without our malloc settings."""
    found = {}
    for malloc in mallocs:
        for each_core in (False, True):
            how = "one process a core" if each_core else "one process on all cores"
            label = f"{name}, {how}" + (", our malloc settings" if malloc and name != "ours" else "")
            found[label] = Way(python, tuple(words), each_core, malloc)
    return found
