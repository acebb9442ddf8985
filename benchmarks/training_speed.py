"""How fast we train the 64x64 Burgess VAE, beside the own trainers of pythae and disent on the same network.

    python -m benchmarks.training_speed --peer-python .venv-bench/bin/python

In every round each side trains as one process on all cores and as one single-threaded process a core (images of all
processes counted, first start to last end of the timed steps), peers as they come and with our malloc settings.
Start-up, imports and the first steps are left out. Limits are measured in every round, and each side's nats on the
same held-out images after the same steps stand below the speeds.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import burgess
from benchmarks.limits import Limits, Work, best_of, measure_limits
from benchmarks.machine import cores, peer_versions
from benchmarks.measuring import interleaved, spread
from benchmarks.results import Row, Section
from benchmarks.sides import SideFailed, Way, images_per_second, ways
from benchmarks.starting import options, perform
from benchmarks.training_side import BATCH
from vae_models.precision import cpu_multiplies_bfloat16

# How many times as fast ours is promised to be, and which share of the limit it reaches.
PROMISED = {"pythae": (2.5, 2.0), "disent": (3.0, None)}
PROMISED_SHARE = 0.4
WARM_UP_SHARE = 0.1


def measure(given: argparse.Namespace) -> Section:
    """Returns images/s of every way to run every side, and the nats that each reaches."""
    count = 2 * BATCH if given.quick else given.images // BATCH * BATCH
    warm_up = max(1, int(WARM_UP_SHARE * count) // BATCH)
    with tempfile.TemporaryDirectory() as folder:
        places = {"--images": Path(folder) / "images.npy", "--held-out": Path(folder) / "held_out.npy"}
        np.save(places["--images"], burgess.sprites(count))
        np.save(places["--held-out"], burgess.sprites(64 if given.quick else 1000, seed=1))
        words = [str(word) for pair in places.items() for word in pair] + ["--warm-up", str(warm_up)]
        asked, notes = all_ways(given, words)
        speeds, nats, limits = rounds_of(asked, given.rounds, given.quick)
    return Section(
        title="Training",
        setting=f"64x64 Burgess VAE, {burgess.PARAMETERS:,} parameters, batch {BATCH}, {count:,} sprites a process and "
        f"round, {given.rounds} rounds in turns (`python -m benchmarks.training_speed`).",
        rows=(*speed_rows(speeds, limits), *nats_rows(nats, warm_up + count // BATCH)),
        notes=(limits.described(), *notes),
        versions=peer_versions(given.peer_python),
    )


def all_ways(given: argparse.Namespace, words: Sequence[str]) -> tuple[dict[str, Way], list[str]]:
    """Returns every way of every side that can run, and a note on each that cannot."""
    side = ["benchmarks.training_side"]
    found, notes = ways("ours", sys.executable, [*side, "ours", *words], [True]), []
    for peer in given.peers:
        theirs = ways(peer, given.peer_python, [*side, peer, *words], [False, True])
        try:
            next(iter(theirs.values())).run(seed=0)  # also loads its files into memory once
        except SideFailed as error:
            notes.append(f"{peer} could not be run: {str(error).splitlines()[-1]}")
            print(f"  {notes[-1]}", flush=True)
            continue
        found |= theirs
    return found, notes


def rounds_of(
    asked: dict[str, Way], rounds: int, quick: bool
) -> tuple[dict[str, list[float]], dict[str, list[float]], Limits]:
    """Returns images/s and held-out nats by way, one of each a round, and the limits of all cores."""
    nats: dict[str, list[float]] = {name: [] for name in asked}
    limits: list[Limits] = []

    def timed(name: str, way: Way) -> Callable[[], float]:
        def run() -> float:
            # Another seed each round, so that the nats show their noise.
            records = way.run(seed=10 * len(nats[name]))
            nats[name].append(float(np.mean([record["nats"] for record in records])))
            return images_per_second(records)

        return run

    def peak() -> float:
        limits.append(measure_limits(len(cores()), quick))
        return limits[-1].bf16_gflops

    sides = {"bf16 products, GFLOP/s": peak} | {name: timed(name, way) for name, way in asked.items()}
    speeds = interleaved(sides, rounds, "training, ", "a second")
    del speeds["bf16 products, GFLOP/s"]
    return speeds, nats, best_of(limits)


def speed_rows(speeds: dict[str, list[float]], limits: Limits) -> list[Row]:
    """Returns a row for each way; peers' say how many times as fast our best way is."""
    measured = {name: spread(numbers) for name, numbers in speeds.items()}
    ours = max(found.median for name, found in measured.items() if name.startswith("ours"))
    work = Work(
        burgess.operations_per_image(training=True), 0, "bf16" if cpu_multiplies_bfloat16() else "fp32"
    )
    rows = []
    for name, found in measured.items():
        peer = name.split(",")[0]
        plain, tuned = PROMISED.get(peer, (None, None))
        # Our promise is of our best way.
        promised_share = PROMISED_SHARE if found.median == ours else None
        rows.append(
            Row(
                "training",
                name,
                "images/s",
                found,
                times=None if peer == "ours" else ours / found.median,
                least_times=tuned if name.endswith("our malloc settings") else plain,
                floor=f"{work.operations / 1e6:.1f} MFLOP an image, {work.precision}",
                share=found.median * limits.floor_seconds(work),
                least_share=promised_share,
            )
        )
    return rows


def nats_rows(nats: dict[str, list[float]], steps: int) -> list[Row]:
    """Returns a row for each side: nats on held-out images over the rounds of its ways, seeds differing."""
    sides: dict[str, list[float]] = {}
    for name, numbers in nats.items():
        sides.setdefault(name.split(",")[0], []).extend(numbers)
    return [
        Row(f"held-out loss after {steps:,} steps", side, "nats an image", spread(numbers))
        for side, numbers in sides.items()
    ]


def main() -> int:
    """Runs the comparison."""
    parser = options(__doc__, rounds=5)
    parser.add_argument("--images", type=int, default=19_200, help="sprites, one pass a process and round")
    parser.add_argument("--peer-python", default=sys.executable, help="Python that can import the peers")
    parser.add_argument("--peers", nargs="*", default=list(PROMISED), choices=list(PROMISED))
    return perform("training", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
