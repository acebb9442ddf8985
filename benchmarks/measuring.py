"""Measures in rounds in which all sides alternate, so that slow minutes affect them equally."""

import atexit
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latent_audit.tasks.analyses.statistics.estimates import Estimate


@dataclass(frozen=True)
class Spread:
    """Median, least and most of what the rounds gave."""

    median: float
    least: float
    most: float
    rounds: int


def spread(numbers: Sequence[float]) -> Spread:
    """Returns the spread of one number a round."""
    return Spread(statistics.median(numbers), min(numbers), max(numbers), len(numbers))


def interleaved(
    sides: Mapping[str, Callable[[], float]], rounds: int, label: str = "", unit: str = "s"
) -> dict[str, list[float]]:
    """Returns the result of each side in each round; prints each as it comes."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            found[name].append(side())
            print(
                f"  {label}round {number + 1}/{rounds}  {name}: {found[name][-1]:.4g} {unit}",
                flush=True,
            )
    return found


def seconds_of(function: Callable[[], object]) -> float:
    """Returns the seconds that one call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def temporary_folder() -> Path:
    """Returns a new folder that is removed when this process ends."""
    folder = tempfile.mkdtemp(prefix="latent-audit-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def estimate_text(estimate: Estimate) -> str:
    """Returns a value with its interval in brackets, where it has one, to three digits."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"
