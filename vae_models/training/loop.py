"""The training loop of VAEs, the InterpretableGAN and attribute classifiers.

It implements what they share (data order, learning rates, evaluation, early stop, divergence, deadline, cancellation,
checkpoints, progress); a model's own `update` owns its optimisers.
"""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from latent_audit.vae_models.errors import BadSettings, Cancelled, Diverged
from latent_audit.vae_models.model import ChoosesOnHeldOut, Trainable
from latent_audit.vae_models.training.images_on_disk import TrainingImages
from latent_audit.vae_models.training.inputs import check_images, identity_of
from latent_audit.vae_models.training.precision import use_bfloat16
from latent_audit.vae_models.training.resident_images import ResidentImages
from latent_audit.vae_models.training.results import Progress, TrainingResult
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.state import Progression, load_state, save_state
from latent_audit.vae_models.training.step_sizes import set_step_sizes, step_share
from latent_audit.vocabulary.batches import batches

# A held-out objective this many times its first value (plus a nat, for tiny ones) will not come back.
_ABSURD_FACTOR = 50.0
_SECONDS_BETWEEN_REPORTS = 1.0
_EVALUATION_BATCH = 250


def train(
    model: Trainable,
    images: TrainingImages,
    values: NDArray[np.float64] | None,
    validation_images: NDArray[np.uint8],
    settings: TrainingSettings,
    seed: int | tuple[int, ...],
    device: torch.device | str,
    checkpoint_folder: Path | None,
    on_interval: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    validation_values: NDArray[np.float64] | None = None,
) -> TrainingResult:
    """Trains `model` in place and returns the result; resumes if `checkpoint_folder` holds a state.

    images: uint8 (n, c, h, w), array or rows of a file. values: raw attribute values (n, k), one column a target
    of the model, or None for models without targets. validation_images: every evaluation uses all of them; the
    caller draws `settings.evaluation_images`. seed: of the images' order and of noise; a model that is a
    stack takes one for each of its models, and has a curve for each: "kl.0", "kl.1". on_interval is called about
    once a second and at each evaluation. Raises Diverged (the last good checkpoint stays), Cancelled (after
    saving) and BadSettings.
    """
    check_images(model, images, validation_images)
    device = torch.device(device)
    if not isinstance(model, nn.Module):
        raise BadSettings(f"{type(model).__name__} is no torch module, so it cannot be trained here")
    model.to(device)
    model.to(memory_format=torch.channels_last)
    model.in_bfloat16 = use_bfloat16(settings.precision, device)
    seeds = (seed,) if isinstance(seed, int) else seed
    training = ResidentImages(images, model.training_values(values, seeds[0]), device)
    held_out = ResidentImages(validation_images, model.encode_values(validation_values), device)
    identity = identity_of(model, settings, seeds, images, values)
    run = _Run(model, training, held_out, settings, seeds, device, checkpoint_folder, identity)
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    if settings.deterministic and device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses determinism
        # Warns rather than refuses where CUDA has no such kernel, so that the run is not lost.
        torch.use_deterministic_algorithms(True, warn_only=True)
    model.train()
    try:
        return run.to_the_end(on_interval, should_stop)
    finally:
        model.eval()
        model.in_bfloat16 = False
        torch.use_deterministic_algorithms(was_deterministic)


class _Run:
    """One call of `train`: its state between steps."""

    def __init__(
        self,
        model: Trainable,
        training: ResidentImages,
        held_out: ResidentImages,
        settings: TrainingSettings,
        seeds: tuple[int, ...],
        device: torch.device,
        checkpoint_folder: Path | None,
        identity: str,
    ) -> None:
        assert isinstance(model, nn.Module)
        self.model, self.module = model, model
        self.training, self.held_out = training, held_out
        self.settings, self.seeds, self.device = settings, seeds, device
        self.folder = checkpoint_folder
        self.generator = Generator(device=device).manual_seed(seeds[0])
        self.progression = Progression(identity)
        self.best_weights: dict[str, Tensor] | None = None
        self.checkpoint: Path | None = None
        self.sums: dict[str, Tensor] = {}
        if checkpoint_folder is not None:
            self._resume(checkpoint_folder)
        self.first_step = self.progression.step
        self.seconds_before = self.progression.seconds
        self.started = self.reported = time.monotonic()

    def _resume(self, folder: Path) -> None:
        found = load_state(
            folder, self.module, self.model.optimizers(), self.generator, self.progression.identity
        )
        if found is None:
            return
        self.progression, self.best_weights = found.progression, found.best_weights
        self.sums = {name: total.to(self.device) for name, total in found.sums.items()}
        if self.progression.step < self.settings.steps and self.progression.stopped != "patience":
            self.progression.stopped = ""

    def to_the_end(
        self, on_interval: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> TrainingResult:
        """Trains until a stopping condition holds; leaves the weights of the result in the model."""
        settings, state = self.settings, self.progression
        if state.first_objective is None:
            state.first_objective = _mean(self._held_out_objectives())
        while not state.stopped:
            if state.step >= settings.steps:
                state.stopped = "completed"
            elif settings.deadline_seconds is not None and self._seconds() > settings.deadline_seconds:
                state.stopped = "deadline"
            elif should_stop():
                self._save()
                kept = "" if self.checkpoint is None else "; run it again to go on from there"
                raise Cancelled(
                    f"training was stopped at step {state.step}{kept}", state.step, self.checkpoint
                )
            else:
                self._step()
                evaluated = state.step % settings.evaluation_interval == 0 or state.step == settings.steps
                if evaluated:
                    self._evaluate()
                if state.step % settings.checkpoint_interval == 0:
                    if not evaluated:
                        self._check_finite(self._mean_scalars())
                    self._save()
                self._report(on_interval, now=evaluated)
        if state.step > self.first_step:
            self._save()
        if self.best_weights is not None:
            self.module.load_state_dict(self.best_weights)
        return self._result()

    def _step(self) -> None:
        step = self.progression.step
        if isinstance(self.model, ChoosesOnHeldOut) and step == self.model.choice_step:
            with torch.no_grad():
                everything = self.held_out.take(np.arange(len(self.held_out)))
                self.model.choose(everything, Generator(device=self.device).manual_seed(self.seeds[0]))
        batch = self.training.batch(step, self.settings.batch_size, self.seeds)
        set_step_sizes(self.model.optimizers().values(), step_share(step, self.settings))
        scalars = self.model.update(batch, step, self.generator)
        for name, value in scalars.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.progression.counts[name] = self.progression.counts.get(name, 0) + 1
        self.progression.step += 1

    def _mean_scalars(self) -> dict[str, float]:
        """Returns training scalars averaged since the last evaluation."""
        found: dict[str, float] = {}
        for name, total in self.sums.items():
            found |= _by_model(
                name, [one / self.progression.counts[name] for one in total.reshape(-1).tolist()]
            )
        return found

    def _evaluate(self) -> None:
        """Adds a point to every curve; keeps the best weights; decides on divergence and patience."""
        state = self.progression
        scalars = self._mean_scalars()
        self.sums, state.counts = {}, {}
        self._check_finite(scalars)
        objectives = self._held_out_objectives()
        scalars |= _by_model("held_out", objectives)
        self._check_finite(scalars)
        for name, value in scalars.items():
            state.curves.setdefault(name, []).append([state.step, value])
        assert state.first_objective is not None
        objective = _mean(objectives)
        if objective > _ABSURD_FACTOR * (abs(state.first_objective) + 1.0):
            self._diverge(
                f"the held-out objective rose from {state.first_objective:.4g} to {objective:.4g} nats"
            )
        if self.settings.patience is None:
            return
        if state.best_objective is None or objective < state.best_objective:
            state.best_objective, state.best_step, state.evaluations_since_best = objective, state.step, 0
            self.best_weights = {name: t.detach().clone() for name, t in self.module.state_dict().items()}
        else:
            state.evaluations_since_best += 1
            if state.evaluations_since_best >= self.settings.patience:
                state.stopped = "patience"

    def _held_out_objectives(self) -> list[float]:
        """Returns the mean objective over the held-out images, of each model, with the same noise every time."""
        generator = Generator(device=self.device).manual_seed(self.seeds[0])
        totals = [0.0] * len(self.seeds)
        self.module.eval()
        with torch.no_grad():
            for rows in batches(len(self.held_out), _EVALUATION_BATCH):
                batch = self.held_out.take(np.arange(rows.start, rows.stop))
                objective = self.model.held_out_objective(batch, generator).sum(0)
                totals = [
                    total + one for total, one in zip(totals, objective.reshape(-1).tolist(), strict=True)
                ]
        self.module.train()
        return [total / len(self.held_out) for total in totals]

    def _check_finite(self, scalars: dict[str, float]) -> None:
        bad = [name for name, value in scalars.items() if not math.isfinite(value)]
        if bad:
            self._diverge(f"{', '.join(bad)} became {scalars[bad[0]]}")

    def _diverge(self, what: str) -> None:
        kept = "no checkpoint had been written yet" if self.checkpoint is None else f"kept {self.checkpoint}"
        raise Diverged(
            f"training diverged at step {self.progression.step}: {what}; {kept}. Lower the learning rate, or "
            "set precision to fp32",
            self.progression.step,
            self.checkpoint,
        )

    def _save(self) -> None:
        if self.folder is None:
            return
        self.progression.seconds = self._seconds()
        self.checkpoint = save_state(
            self.folder,
            self.module,
            self.model.optimizers(),
            self.generator,
            self.progression,
            self.best_weights,
            self.sums,
        )

    def _seconds(self) -> float:
        """Returns the seconds trained, those before a resumption included."""
        return self.seconds_before + time.monotonic() - self.started

    def _speed(self) -> float:
        elapsed = max(time.monotonic() - self.started, 1e-9)
        return (self.progression.step - self.first_step) * self._images_a_step() / elapsed

    def _images_a_step(self) -> int:
        """Returns the number of images of all models in a step."""
        return min(self.settings.batch_size, len(self.training)) * len(self.seeds)

    def _report(self, on_interval: Callable[[Progress], None], now: bool) -> None:
        if not now and time.monotonic() - self.reported < _SECONDS_BETWEEN_REPORTS:
            return
        self.reported = time.monotonic()
        state, speed = self.progression, self._speed()
        left = (self.settings.steps - state.step) * self._images_a_step()
        latest = {name: points[-1][1] for name, points in state.curves.items()}
        scalars = latest | self._mean_scalars()
        on_interval(
            Progress(state.step, self.settings.steps, speed, left / speed if speed else None, scalars)
        )

    def _result(self) -> TrainingResult:
        state, seconds = self.progression, self._seconds()
        if state.step == self.first_step:
            seconds = self.seconds_before
        images_seen = state.step * min(self.settings.batch_size, len(self.training))
        speed = images_seen * len(self.seeds) / max(seconds, 1e-9)
        return TrainingResult(state.step, images_seen, state.stopped, state.curves, seconds, speed)


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _by_model(name: str, numbers: list[float]) -> dict[str, float]:
    """Returns a number by its name; numbers of a stack's models by the name and the model's index."""
    if len(numbers) == 1:
        return {name: numbers[0]}
    return {f"{name}.{place}": number for place, number in enumerate(numbers)}
