"""How fast we encode images with the 64x64 Burgess encoder, beside a loop over a DataLoader with the same encoder.

    python -m benchmarks.encoding_speed

In every round each side encodes all images as one process on all cores and as one single-threaded process a core; the
peer also with our malloc settings. Start-up and the first 1,000 images are left out.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import burgess
from benchmarks.limits import Work
from benchmarks.results import Section
from benchmarks.sides import ways
from benchmarks.starting import options, perform
from benchmarks.throughput import measured_ways, throughput_rows

PROMISED = {"DataLoader": (8.0, None)}
PROMISED_SHARE = 0.65


def measure(given: argparse.Namespace) -> Section:
    """Returns images/s of every way, and the share of the fp32 limit that each reaches."""
    count = 200 if given.quick else given.images
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, burgess.sprites(count))
        side = ["benchmarks.encoding_side"]
        words = ["--images", str(images)]
        asked = ways("ours", sys.executable, [*side, "ours", *words], [True])
        asked |= ways("DataLoader", sys.executable, [*side, "loader", *words], [False, True])
        speeds, limits = measured_ways(asked, given.rounds, given.quick)
    work = Work(burgess.operations_per_image(training=False), float(np.prod(burgess.SHAPE)))
    return Section(
        title="Encoding",
        setting=f"64x64 Burgess encoder in fp32, {count:,} sprites a process and round, {given.rounds} rounds in turns "
        "(`python -m benchmarks.encoding_speed`).",
        rows=tuple(throughput_rows("encoding", speeds, work, limits, PROMISED, PROMISED_SHARE)),
        notes=(limits.described(),),
    )


def main() -> int:
    """Runs the comparison."""
    parser = options(__doc__, rounds=5)
    parser.add_argument("--images", type=int, default=40_000, help="sprites (default %(default)s)")
    return perform("encoding", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
