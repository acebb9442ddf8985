"""How fast several VAEs are trained in one step, beside one at a time and beside pythae's own trainer. For a GPU.

    python -m benchmarks.stacked_training --stacks 1 8 30 --peer-python .venv-bench/bin/python

64x64 Burgess VAEs of different seeds and betas, batch 64 each; images of all models a second, the first tenth of the
steps left out. From the fastest stack follows how long the study of 6 betas and 5 seeds over 300,000 steps would take.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import burgess
from benchmarks.limits import Limits, Work, measure_limits, wait_for
from benchmarks.measuring import Spread, interleaved, spread
from benchmarks.results import Row, Section
from benchmarks.sides import Way, images_per_second, ways
from benchmarks.starting import options, perform
from benchmarks.training_side import BATCH
from latent_audit.vae_models.building import build
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.precision import use_bfloat16
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.stacked_training import train_together

BETAS = (1.0, 2.0, 4.0, 6.0, 8.0, 16.0)
STUDY_MODELS, STUDY_STEPS = 30, 300_000
# On a GPU: a stack of eight beside pythae's trainer, and the whole study.
PROMISED_TIMES, PROMISED_STACK, PROMISED_MINUTES = 10.0, 8, 20.0
PYTHAE = "pythae, one model"
ALONE = "ours, one model by itself"


def trained_images_per_second(count: int, images: NDArray[np.uint8], steps: int, device: str) -> float:
    """Returns images of all models a second, of `count` models in one step; of one by itself where it is 0."""
    settings = TrainingSettings(steps=steps, batch_size=BATCH, evaluate_every=steps, checkpoint_every=steps)
    seeds = range(max(count, 1))
    models = [
        build(
            BetaVaeSettings(beta=BETAS[seed % len(BETAS)], warm_up_steps=0, training=settings),
            burgess.SHAPE,
            (),
            seed,
        )
        for seed in seeds
    ]
    marks: list[float] = []
    calls = iter(range(steps + 1))

    def should_stop() -> bool:  # asked before every step
        if next(calls) in (steps // 10, steps - 1):
            wait_for(device)
            marks.append(time.monotonic())
        return False

    def ignore(progress: object) -> None:
        return None

    if count == 0:
        train(models[0], images, None, images[:1], settings, 0, device, None, ignore, should_stop)
    else:
        train_together(models, images, images[:1], settings, tuple(seeds), device, None, ignore, should_stop)
    return (steps - 1 - steps // 10) * BATCH * len(models) / (marks[1] - marks[0])


def measure(given: argparse.Namespace) -> Section:
    """Returns images/s of each stack, of one model by itself, and of pythae's trainer where it can be run."""
    stacks, steps, count = ([2], 10, 2 * BATCH) if given.quick else (given.stacks, given.steps, given.images)
    images = burgess.sprites(count)
    limits = measure_limits(torch.get_num_threads(), given.quick, given.device)
    with tempfile.TemporaryDirectory() as folder:
        sides: dict[str, Callable[[], float]] = {
            _name(stack): partial(trained_images_per_second, stack, images, steps, given.device)
            for stack in (0, *stacks)
        }
        if given.peer_python is not None:
            peer = _pythae(Path(folder), images, given)
            sides[PYTHAE] = lambda: images_per_second(peer.run(0))
        measured = {
            name: spread(found) for name, found in interleaved(sides, given.rounds, unit="images/s").items()
        }
    best = max(measured[_name(stack)].median for stack in stacks)
    minutes = STUDY_MODELS * STUDY_STEPS * BATCH / best / 60
    return Section(
        title="Stacked training",
        setting=f"64x64 Burgess VAEs, batch {BATCH} each, {steps:,} steps, {count:,} sprites, on "
        f"{_device_name(given.device)}, {given.rounds} rounds in turns (`python -m benchmarks.stacked_training`).",
        rows=tuple(_rows(measured, limits, given.device)),
        notes=(
            limits.described(),
            f"{STUDY_MODELS} models of {STUDY_STEPS:,} steps at {best:,.0f} images/s: {minutes:,.0f} minutes"
            + (f" (promised {PROMISED_MINUTES:g})" if given.device != "cpu" else ""),
        ),
    )


def _rows(measured: dict[str, Spread], limits: Limits, device: str) -> list[Row]:
    precision: Literal["bf16", "fp32"] = "bf16" if use_bfloat16("auto", torch.device(device)) else "fp32"
    work = Work(burgess.operations_per_image(training=True), precision=precision)
    rows = []
    for name, found in measured.items():
        share = found.median * limits.floor_seconds(work)
        row = Row("training", name, "images/s", found, floor=work.stated(), share=share)
        if name == PYTHAE and _name(PROMISED_STACK) in measured:
            times = measured[_name(PROMISED_STACK)].median / found.median
            row = replace(row, times=times, least_times=None if device == "cpu" else PROMISED_TIMES)
        rows.append(row)
    return rows


def _pythae(folder: Path, images: NDArray[np.uint8], given: argparse.Namespace) -> Way:
    for name, pixels in (("images", images), ("held_out", images[:64])):
        np.save(folder / f"{name}.npy", pixels)
    words = ["benchmarks.training_side", "pythae", "--images", str(folder / "images.npy")]
    words += ["--held-out", str(folder / "held_out.npy"), "--warm-up", "1" if given.quick else "30"]
    return next(iter(ways("pythae", given.peer_python, [*words, "--device", given.device], [False]).values()))


def _name(stack: int) -> str:
    return f"ours, {stack} in one step" if stack else ALONE


def _device_name(device: str) -> str:
    return "CPU" if device == "cpu" else torch.cuda.get_device_name(device)


def main(words: Sequence[str] | None = None) -> int:
    """Runs the comparison."""
    parser = options(__doc__, rounds=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--stacks", type=int, nargs="+", default=[1, 8, 30], help="how many models in one step"
    )
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--peer-python", help="Python that can import pythae")
    return perform("stacked_training", parser, measure, words)


if __name__ == "__main__":
    sys.exit(main())
