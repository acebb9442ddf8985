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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks import burgess
from benchmarks.limits import Work
from benchmarks.machine import peer_versions
from benchmarks.measuring import spread
from benchmarks.results import Row, Section
from benchmarks.sides import SideFailed, Way, ways
from benchmarks.starting import options, perform
from benchmarks.throughput import measured_ways, throughput_rows
from benchmarks.training_side import BATCH
from latent_audit.tasks.analyses.checks.comparison import difference_of_means
from latent_audit.vae_models.training.precision import cpu_multiplies_bfloat16

# How many times as fast ours is promised to be, as they come and with our malloc settings; and of the limit.
PROMISED = {"pythae": (2.5, 2.0), "disent": (3.0, None)}
PROMISED_SHARE = 0.4
WARM_UP_SHARE = 0.1


def measure(given: argparse.Namespace) -> Section:
    """Returns images/s of every way to run every side, and the nats that each side reaches."""
    count = 2 * BATCH if given.quick else given.images // BATCH * BATCH
    warm_up = max(1, int(WARM_UP_SHARE * count) // BATCH)
    nats: dict[str, dict[int, float]] = {}

    def note(name: str, records: list[dict[str, Any]]) -> None:
        # By seed: the ways of a side that share one give the same model, which is no second draw.
        nats.setdefault(name.split(",")[0], {}).update({one["seed"]: one["nats"] for one in records})

    with tempfile.TemporaryDirectory() as folder:
        places = {"--images": Path(folder) / "images.npy", "--held-out": Path(folder) / "held_out.npy"}
        np.save(places["--images"], burgess.sprites(count))
        np.save(places["--held-out"], burgess.sprites(64 if given.quick else 1000, seed=1))
        words = [str(word) for pair in places.items() for word in pair] + ["--warm-up", str(warm_up)]
        asked, absent = all_ways(given, words)
        speeds, limits = measured_ways(asked, given.rounds, given.quick, note)
    precision: Literal["bf16", "fp32"] = "bf16" if cpu_multiplies_bfloat16() else "fp32"
    work = Work(burgess.operations_per_image(training=True), precision=precision)
    reached = {side: list(by_seed.values()) for side, by_seed in nats.items()}
    return Section(
        title="Training",
        setting=f"64x64 Burgess VAE, {burgess.PARAMETERS:,} parameters, batch {BATCH}, {count:,} sprites a process and "
        f"round, {given.rounds} rounds in turns (`python -m benchmarks.training_speed`).",
        rows=(
            *throughput_rows("training", speeds, work, limits, PROMISED, PROMISED_SHARE),
            *nats_rows(reached, warm_up + count // BATCH),
        ),
        notes=(limits.described(), *nats_notes(reached), *absent),
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


def nats_rows(reached: Mapping[str, Sequence[float]], steps: int) -> list[Row]:
    """Returns a row for each side: nats on held-out images over seeds."""
    return [
        Row(f"held-out loss after {steps:,} steps", side, "nats an image", spread(numbers))
        for side, numbers in reached.items()
    ]


def nats_notes(reached: Mapping[str, Sequence[float]]) -> list[str]:
    """Returns what our loss is less each peer's, with Welch's 95 % interval over seeds."""
    found = []
    for side, numbers in reached.items():
        if side != "ours" and len(numbers) > 1:
            less = difference_of_means(reached["ours"], numbers)
            found.append(
                f"our held-out loss less that of {side}: {less.value:.3g} nats [{less.low:.3g}, {less.high:.3g}], 95 % "
                f"interval over {len(reached['ours'])} and {len(numbers)} seeds"
            )
    return found


def main() -> int:
    """Runs the comparison."""
    parser = options(__doc__, rounds=5)
    parser.add_argument("--images", type=int, default=19_200, help="sprites, one pass a process and round")
    parser.add_argument("--peer-python", default=sys.executable, help="Python that can import the peers")
    parser.add_argument("--peers", nargs="*", default=list(PROMISED), choices=list(PROMISED))
    return perform("training", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
