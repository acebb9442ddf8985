"""How time and memory grow with the number of images, latent dimensions, attributes and models.

    python -m benchmarks.growth --work associations scores --axes images --cap 120

Every point runs in a fresh process on one core, at the default job's size but for the axis that is varied, and is given
up after --cap seconds; larger sizes are then left out. Time is the median of up to five calls. Memory is the peak
beyond what the process held before the call, inputs among that. Slopes are those of the logarithms.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.growth_fit import Point, Series, fit
from benchmarks.growth_work import WORK, Size
from benchmarks.results import Section
from benchmarks.starting import options, perform, run_environment

ROOT = Path(__file__).resolve().parents[1]
SIZES = {
    "images": (10_000, 40_000, 160_000, 700_000),
    "latent_size": (5, 16, 45, 128),
    "attributes": (5, 17, 58, 200),
    "models": (3, 6, 12, 24),
}
QUICK_SIZES = {"images": (2000, 4000), "latent_size": (2, 4), "attributes": (2, 4), "models": (2, 3)}
# Sizes that are not varied, in a quick run.
QUICK = Size(images=2000, latent_size=3, attributes=2, models=2)


class PointFailed(Exception):
    """A point took too long, or its process failed; the message says which."""


def measure(given: argparse.Namespace) -> Section:
    """Returns a series for each thing and axis; the promise, n log n, is of images."""
    usual = QUICK if given.quick else Size()
    sizes = QUICK_SIZES if given.quick else {axis: getattr(given, axis) for axis in SIZES}
    notes: list[str] = []
    series = [
        grown(what, axis, sizes[axis], usual, given.cap, notes)
        for what in given.work
        for axis in WORK[what][1]
        if axis in given.axes
    ]
    otherwise = ", ".join(
        f"{number:,} {axis.replace('latent_size', 'dimensions')}" for axis, number in vars(usual).items()
    )
    return Section(
        title="Growth",
        setting=f"One core, a fresh process a point, {given.cap:g} s a point at most, otherwise {otherwise} "
        "(`python -m benchmarks.growth`). Slopes are of logarithms, in brackets between the last two points; memory is "
        "the peak beyond the inputs.",
        series=tuple(series),
        notes=tuple(notes),
    )


def grown(what: str, axis: str, sizes: Sequence[int], usual: Size, cap: float, notes: list[str]) -> Series:
    """Returns the series of one function along one axis; it ends, with a note, if a point fails."""
    points: list[Point] = []
    stopped = None
    for size in sorted(sizes):
        try:
            points.append(point_of(what, replace(usual, **{axis: size}), size, cap))
        except PointFailed as error:
            stopped = size
            notes.append(f"{what} with {size:,} {axis}: {error}")
            print(f"  {notes[-1]}", flush=True)
            break
        found = points[-1]
        print(f"  {what} with {size:,} {axis}: {found.seconds:.3g} s, {found.megabytes:.3g} MB", flush=True)
    return fit(what, axis, points, promised=axis == "images", stopped_at=stopped)


def point_of(what: str, whole: Size, size: int, cap: float, clock: str = "seconds") -> Point:
    """Returns what a fresh process measured; raises PointFailed. clock: seconds, or core_seconds."""
    words = [sys.executable, "-m", "benchmarks.growth_point", what, json.dumps(vars(whole))]
    try:
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=run_environment(),
            capture_output=True,
            text=True,
            timeout=cap,
            check=False,
            encoding="utf-8",
        )
    except subprocess.TimeoutExpired as error:
        raise PointFailed(f"longer than {cap:g} s") from error
    if done.returncode:
        last = (done.stderr.strip() or "nothing was said").splitlines()[-1]
        raise PointFailed(f"ended with status {done.returncode}: {last}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return Point(size, found[clock], found["megabytes"])


def main() -> int:
    """Measures growth along every axis, or those named."""
    parser = options(__doc__, rounds=1)
    parser.add_argument("--work", nargs="*", default=list(WORK), choices=list(WORK), metavar="NAME",
                        help=f"what to measure, of {', '.join(WORK)}")  # fmt: skip
    parser.add_argument("--axes", nargs="*", default=list(SIZES), choices=list(SIZES))
    parser.add_argument(
        "--cap", type=float, default=120.0, help="seconds a point, making its data included (default 120)"
    )
    for axis, sizes in SIZES.items():
        name = f"--{axis.replace('_', '-')}"
        parser.add_argument(name, nargs="+", type=int, default=sizes, help=f"sizes (default {sizes})")
    return perform("growth", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
