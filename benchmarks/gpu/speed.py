"""Images a second on a device: VAE, InterpretableGAN, stacked seeds with and without CUDA graphs, pythae's loop.

64x64 images, 10 dimensions; images of all models a second, the first tenth of the steps left out.
"""

import contextlib
import importlib
import io
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from benchmarks import burgess
from benchmarks.gpu.material import SHAPE, Sprites
from benchmarks.limits import Limits, Precision, Work, wait_for
from benchmarks.measuring import Spread, spread
from benchmarks.operations import counted
from benchmarks.results import Row, Section
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.vae import VariationalAutoencoder
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.model import Batch, Trainable
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.precision import use_bfloat16
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.stacked_training import train_together

BETAS = (1.0, 2.0, 4.0, 6.0, 8.0, 16.0)
STUDY_MODELS, STUDY_STEPS, STUDY_BATCH = 30, 300_000, 64
PROMISED_MINUTES = 20.0
# Two results of one training, recorded and launched, differ by roundings that grow with the steps.
GRAPHED_AS_EAGER = 0.04


@dataclass(frozen=True)
class Sizes:
    """steps: of each measured training. stacks: models in one step. batches: images of a model's step."""

    steps: int
    stacks: tuple[int, ...]
    batches: tuple[int, ...]


class _Clock:
    """Asked before every step, it notes the time after a tenth of them and before the last."""

    def __init__(self, steps: int, device: str) -> None:
        self.first, self.last, self.device = steps // 10, steps - 1, device
        self.calls, self.marks = 0, list[float]()

    def __call__(self) -> bool:
        if self.calls in (self.first, self.last):
            wait_for(self.device)
            self.marks.append(time.monotonic())
        self.calls += 1
        return False

    def rate(self, images_a_step: int) -> float:
        """Returns images a second between both marks."""
        return (self.last - self.first) * images_a_step / (self.marks[1] - self.marks[0])


def training_settings(steps: int, batch_size: int) -> TrainingSettings:
    """Returns a training of so many steps without a pause in it."""
    return TrainingSettings(steps=steps, batch_size=batch_size, evaluate_every=steps, checkpoint_every=steps)


def alone(settings: VaeSettings | InterpretableGanSettings, sprites: Sprites, device: str) -> float:
    """Returns images a second of one model that is trained by itself."""
    clock = _Clock(settings.training.steps, device)
    model: nn.Module = sprites.built(settings)
    sprites.trained(model, settings.training, device, clock)
    return clock.rate(settings.training.batch_size)


def stacked(
    count: int, sprites: Sprites, steps: int, batch_size: int, device: str, graphed: bool = True
) -> tuple[float, float]:
    """Returns images of all models a second, and the last mean loss of the first of `count` VAEs in one step."""
    training, seeds = training_settings(steps, batch_size), range(count)
    models: list[VariationalAutoencoder] = [
        build(
            BetaVaeSettings(beta=BETAS[seed % len(BETAS)], warm_up_steps=0, training=training),
            SHAPE,
            (),
            seed,
        )
        for seed in seeds
    ]
    clock = _Clock(steps, device)
    results = train_together(
        models, sprites.images, sprites.held_out_images, training, tuple(seeds), device, None,
        lambda progress: None, clock, graphed,
    )  # fmt: skip
    return clock.rate(batch_size * count), results[0].curves["total"][-1][1]


def measure_alone(sprites: Sprites, device: str, sizes: Sizes, limits: Limits) -> Section:
    """Returns images a second of one VAE, one InterpretableGAN (a step of both players), and pythae's own loop."""
    rows, notes = [], [limits.described()]
    for batch in sizes.batches:
        training = training_settings(sizes.steps, batch)
        ours = alone(VaeSettings(warm_up_steps=0, training=training), sprites, device)
        rows.append(_speed(f"VAE, batch {batch}", "ours", ours, vae_work(device), limits))
        gan = InterpretableGanSettings(warm_up_steps=0, training=training)
        rows.append(
            _speed(
                f"InterpretableGAN, batch {batch}",
                "ours",
                alone(gan, sprites, device),
                gan_work(sprites, device),
                limits,
            )
        )
        try:
            peer = _pythae(sprites, sizes.steps, batch, device)
        except Exception as error:  # whatever a library of others lacks here ends its row and no other
            notes.append(f"pythae, batch {batch}: not measured ({type(error).__name__}: {error})")
            continue
        rows.append(
            Row(f"VAE, batch {batch}", "pythae's loop", "images/s", spread([peer]), times=ours / peer)
        )
    return _section("One model at a time", device, sizes, rows, notes)


def measure_stacks(
    sprites: Sprites, device: str, sizes: Sizes, limits: Limits, on_row: Callable[[Row], None]
) -> Section:
    """Returns images a second of stacks, and how far a recorded step learns what one launched anew does."""
    rows, notes, best = [], [], 0.0
    for count in sizes.stacks:
        for batch in sizes.batches:
            rate, _ = stacked(count, sprites, sizes.steps, batch, device)
            rows.append(
                _speed(f"{count} VAEs in one step, batch {batch}", "ours", rate, vae_work(device), limits)
            )
            on_row(rows[-1])
            best = max(best, rate if batch == sizes.batches[0] else 0.0)
    few = max(sizes.steps // 4, 2)
    count, batch = sizes.stacks[0], sizes.batches[0]
    (eager, expected), (_, found) = (
        stacked(count, sprites, few, batch, device, graphed) for graphed in (False, True)
    )
    apart = abs(found - expected) / abs(expected)
    rows.append(
        _speed(f"{count} VAEs in one step, batch {batch}", "ours, no graph", eager, vae_work(device), limits)
    )
    rows.append(
        Row(f"loss of both after {few:,} steps", "share apart", "", _one(apart), most=GRAPHED_AS_EAGER)
    )
    minutes = STUDY_MODELS * STUDY_STEPS * STUDY_BATCH / best / 60
    notes.append(
        f"{STUDY_MODELS} models of {STUDY_STEPS:,} steps at {best:,.0f} images/s: {minutes:,.0f} minutes"
        + (f" (promised: {PROMISED_MINUTES:g})" if device != "cpu" else "")
    )
    return _section("Several models in one step", device, sizes, rows, notes)


def vae_work(device: str) -> Work:
    """Returns the work of one image in a VAE's training step."""
    return Work(burgess.operations_per_image(training=True), precision=_precision(device))


def gan_work(sprites: Sprites, device: str) -> Work:
    """Returns the work of one image in a step of both players, R1 in it as often as it comes."""
    every = 16
    settings = InterpretableGanSettings(
        warm_up_steps=0, gradient_penalty_every=every, training=training_settings(2 * every, 8)
    )
    model = sprites.built(settings)
    assert isinstance(model, Trainable)
    encoded = model.training_values(sprites.values, 0)
    values = None if encoded is None else torch.from_numpy(np.ascontiguousarray(encoded[:8]))
    batch = Batch(torch.from_numpy(sprites.images[:8]).float() / 255, values)
    random = torch.Generator().manual_seed(0)
    with_penalty, without = (counted(partial(model.update, batch, step, random)) for step in (0, 1))
    return Work(((every - 1) * without + with_penalty) / every / 8, precision=_precision(device))


def _pythae(sprites: Sprites, steps: int, batch: int, device: str) -> float:
    peer = importlib.import_module("benchmarks.training_pythae")
    count = min(len(sprites.images), steps * batch) // batch * batch
    said = io.StringIO()  # it says much, and none of it is a figure
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        done = peer.train(sprites.images[:count], max(steps // 10, 1), 0, device, batch)
    logging.disable(logging.NOTSET)
    return count / (done.end - done.start)


def _precision(device: str) -> Precision:
    return "bf16" if use_bfloat16("auto", torch.device(device)) else "fp32"


def _one(number: float) -> Spread:
    return spread([number])


def _speed(what: str, side: str, rate: float, work: Work, limits: Limits) -> Row:
    share = rate * limits.floor_seconds(work)
    return Row(what, side, "images/s", _one(rate), floor=work.stated(), share=share)


def _section(title: str, device: str, sizes: Sizes, rows: Sequence[Row], notes: Sequence[str]) -> Section:
    return Section(
        title=title,
        setting=f"64x64 sprites on {device_name(device)}, {sizes.steps:,} steps each.",
        rows=tuple(rows),
        notes=tuple(notes),
    )


def device_name(device: str) -> str:
    """Returns the card's name, or CPU."""
    return "CPU" if device == "cpu" else torch.cuda.get_device_name(device)
