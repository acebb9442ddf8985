"""How fast a VAE of each network is trained, and how large it is: burgess, locatello and residual.

    python -m benchmarks.network_speed

Colour images of random pixels, 64 and 128 a side, batch 64, one process on all cores. The first tenth of the steps is
left out.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import get_args

import numpy as np
import torch

from benchmarks.limits import Limits, Work, measure_limits
from benchmarks.measuring import Spread, interleaved, spread
from benchmarks.operations import counted
from benchmarks.results import Row, Section
from benchmarks.starting import options, perform
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.choices import ConvolutionKind, NetworkKind, Precision
from latent_audit.vae_models.components.vae import VariationalAutoencoder, parameter_count
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.precision import use_bfloat16
from latent_audit.vae_models.training.settings import TrainingSettings

BATCH = 64
NETWORKS: tuple[NetworkKind, ...] = (*get_args(ConvolutionKind), "residual")


def trained_images_per_second(network: NetworkKind, side: int, steps: int) -> float:
    """Returns images a second of one VAE's training."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (4 * BATCH, 3, side, side), dtype=np.uint8)
    marks: list[float] = []
    calls = iter(range(steps + 1))

    def note_time() -> bool:  # asked before every step
        if next(calls) in (steps // 10, steps - 1):
            marks.append(time.monotonic())
        return False

    train(
        _model(network, side, steps), images, None, random.permutation(images)[-1:], _training(steps), 0, "cpu",
        None, lambda progress: None, note_time,
    )  # fmt: skip
    return (steps - 1 - steps // 10) * BATCH / (marks[1] - marks[0])


def measure(given: argparse.Namespace) -> Section:
    """Returns a row for each network at each size."""
    steps, sides = (4, [32]) if given.quick else (given.steps, given.sides)
    limits = measure_limits(torch.get_num_threads(), given.quick)
    asked: dict[tuple[str, NetworkKind, int], Callable[[], float]] = {
        (f"{side}x{side}", network, side): partial(trained_images_per_second, network, side, steps)
        for side in sides
        for network in NETWORKS
    }
    found = interleaved(
        {f"{network}, {what}": run for (what, network, _), run in asked.items()},
        given.rounds,
        unit="images/s",
    )
    rows = [
        _row(what, network, side, spread(found[f"{network}, {what}"]), limits)
        for what, network, side in asked
    ]
    return Section(
        title="Networks",
        setting=f"VAEs of colour images, batch {BATCH}, {steps:,} steps (`python -m benchmarks.network_speed`).",
        rows=tuple(rows),
        notes=(limits.described(),),
    )


def _model(network: NetworkKind, side: int, steps: int) -> VariationalAutoencoder:
    settings = VaeSettings(network=network, warm_up_steps=0, training=_training(steps))
    return build(settings, (3, side, side), (), 0)


def _training(steps: int) -> TrainingSettings:
    return TrainingSettings(steps=steps, batch_size=BATCH, evaluate_every=steps, checkpoint_every=steps)


def _row(what: str, network: NetworkKind, side: int, found: Spread, limits: Limits) -> Row:
    model = _model(network, side, 1)
    batch, random = Batch(torch.rand(4, 3, side, side), None), torch.Generator().manual_seed(0)
    precision: Precision = "auto"
    work = Work(
        counted(lambda: model.update(batch, 0, random)) / len(batch.images),
        precision="bf16" if use_bfloat16(precision, torch.device("cpu")) else "fp32",
    )
    share = found.median * limits.floor_seconds(work)
    name = f"{network}, {parameter_count(model):,} parameters"
    return Row(f"training, {what}", name, "images/s", found, floor=work.stated(), share=share)


def main(words: Sequence[str] | None = None) -> int:
    """Measures every network."""
    parser = options(__doc__, rounds=3)
    parser.add_argument(
        "--sides", type=int, nargs="+", default=[64, 128], help="sides of the images in pixels"
    )
    parser.add_argument("--steps", type=int, default=40)
    return perform("network_speed", parser, measure, words)


if __name__ == "__main__":
    sys.exit(main())
