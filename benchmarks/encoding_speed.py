"""How fast we encode images with the 64x64 Burgess encoder, beside a loop over a DataLoader with the same encoder.

    python -m benchmarks.encoding_speed

In every round each side encodes all images as one process on all cores and as one single-threaded process a core; the
peer also with our malloc settings. Start-up and the first 1,000 images are left out.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import burgess
from benchmarks.limits import Limits, Work, best_of, measure_limits
from benchmarks.machine import cores
from benchmarks.measuring import interleaved, spread
from benchmarks.results import Row, Section
from benchmarks.sides import Way, images_per_second, ways
from benchmarks.starting import options, perform

PROMISED_TIMES, PROMISED_SHARE = 8.0, 0.65


def measure(given: argparse.Namespace) -> Section:
    """Returns images/s of every way, and the share of the fp32 limit that each reaches."""
    count = 200 if given.quick else given.images
    limits: list[Limits] = []

    def peak() -> float:
        limits.append(measure_limits(len(cores()), given.quick))
        return limits[-1].fp32_gflops

    def timed(way: Way) -> Callable[[], float]:
        return lambda: images_per_second(way.run(seed=0))

    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, burgess.sprites(count))
        side = ["benchmarks.encoding_side"]
        words = ["--images", str(images)]
        asked = ways("ours", sys.executable, [*side, "ours", *words], [True])
        asked |= ways("DataLoader", sys.executable, [*side, "loader", *words], [False, True])
        sides = {"fp32 products, GFLOP/s": peak} | {name: timed(way) for name, way in asked.items()}
        speeds = interleaved(sides, given.rounds, "encoding, ", "a second")
    del speeds["fp32 products, GFLOP/s"]
    best = best_of(limits)
    return Section(
        title="Encoding",
        setting=f"64x64 Burgess encoder, {count:,} sprites a process and round, {given.rounds} rounds in turns "
        "(`python -m benchmarks.encoding_speed`).",
        rows=tuple(rows_of(speeds, best)),
        notes=(best.described(),),
    )


def rows_of(speeds: dict[str, list[float]], limits: Limits) -> list[Row]:
    """Returns a row for each way; the peer's say how many times as fast our best way is."""
    measured = {name: spread(numbers) for name, numbers in speeds.items()}
    ours = max(found.median for name, found in measured.items() if name.startswith("ours"))
    work = Work(burgess.operations_per_image(training=False), np.prod(burgess.SHAPE))
    rows = []
    for name, found in measured.items():
        peer = not name.startswith("ours")
        promised = peer and not name.endswith("our malloc settings")
        rows.append(
            Row(
                "encoding",
                name,
                "images/s",
                found,
                times=ours / found.median if peer else None,
                least_times=PROMISED_TIMES if promised else None,
                floor=f"{work.operations / 1e6:.1f} MFLOP an image, {work.precision}",
                share=found.median * limits.floor_seconds(work),
                least_share=PROMISED_SHARE if found.median == ours else None,
            )
        )
    return rows


def main() -> int:
    """Runs the comparison."""
    parser = options(__doc__, rounds=5)
    parser.add_argument("--images", type=int, default=40_000, help="sprites (default %(default)s)")
    return perform("encoding", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
