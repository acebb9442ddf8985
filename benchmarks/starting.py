"""Start of every benchmark: command-line words, the environment of a run's worker, and the place of results."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.result_table import table
from benchmarks.results import Section, alone, write_section
from latent_audit.tasks.execution.process_setup import ALLOCATOR, QUIET, THREADS

# Measured, but a promise was not kept.
MISSED = 3


def run_environment() -> dict[str, str]:
    """Returns the environment of a worker of a run: the allocator's settings, and one thread."""
    return {**os.environ, **ALLOCATOR, **THREADS, **QUIET}


def compute_as_a_worker() -> None:
    """Restarts this process with the environment of a run's worker, if it has another."""
    if not ALLOCATOR.items() <= os.environ.items():  # glibc reads its settings once, at launch
        os.execve(sys.executable, sys.orig_argv, run_environment())


def options(text: str | None, rounds: int) -> argparse.ArgumentParser:
    """Returns the parser of the words that all benchmarks know; `rounds` is the default."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help="interleaved rounds (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, not how fast")
    parser.add_argument("--results", type=Path, help="results.json to write this benchmark's section to")
    return parser


def perform(
    name: str,
    parser: argparse.ArgumentParser,
    measure: Callable[[argparse.Namespace], Section],
    words: Sequence[str] | None = None,
) -> int:
    """Measures, prints the table, and writes the section where --results says.

    Returns 3 if a target was missed, else 0; --quick sizes have no targets.
    """
    given = parser.parse_args(words)
    if words is None:
        compute_as_a_worker()
    if given.quick:
        given.rounds = 1
    section = replace(measure(given), quick=given.quick)
    print(table(alone(name, section)), flush=True)
    if given.results is not None:
        write_section(given.results, name, section)
    return MISSED if section.missed() else 0
