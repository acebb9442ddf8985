"""One side of benchmarks/training_speed.py, in a process and an environment of its own.

    python -m benchmarks.training_side pythae --images sprites.npy --held-out rest.npy --warm-up 30 --seed 0

Trains the 64x64 Burgess network with batches of 64 over --warm-up steps and one pass over the images, and prints
start and end (seconds, system-wide clock), images, and held-out nats an image after the last step.
"""

import argparse
import importlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

BATCH = 64
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Trained:
    """When the steps after the warm-up started and ended, and the trained network as `held_out_nats` takes it."""

    start: float
    end: float
    encode: Callable[[Tensor], Tensor]
    decode: Callable[[Tensor], Tensor]


def epoch_orders(count: int, warm_up: int, seed: int) -> NDArray[np.int64]:
    """Returns which image comes when: `warm_up` batches of random ones, then each once, in random order."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.integers(count, size=warm_up * BATCH), random.permutation(count)])


def main() -> None:
    """Trains with the named side and prints its record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("side", choices=("ours", "pythae", "disent"))
    parser.add_argument("--images", type=Path, required=True, help="uint8 (n, 1, 64, 64), n a multiple of 64")
    parser.add_argument("--held-out", type=Path, required=True, help="images that nats are of")
    parser.add_argument("--warm-up", type=int, required=True, help="steps before the clock starts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()

    import torch

    from benchmarks.burgess import held_out_nats

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(given.seed)
    images = np.load(given.images)
    side = importlib.import_module(f"benchmarks.training_{given.side}")
    trained: Trained = side.train(images, given.warm_up, given.seed, given.device)
    nats = held_out_nats(trained.encode, trained.decode, np.load(given.held_out))
    found = {"start": trained.start, "end": trained.end, "images": len(images)}
    print(json.dumps(found | {"nats": nats, "seed": given.seed}))


if __name__ == "__main__":
    main()
