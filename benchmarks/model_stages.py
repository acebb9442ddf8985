"""Stages that run networks, at the sizes of the default job, with their least operations."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.limits import Work
from benchmarks.operations import counted
from latent_audit.tasks.analyses.checks import intervention
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import fit_targets
from latent_audit.vae_models.building import build
from latent_audit.vae_models.inference import classify_images, decode_latents, decoder_of, encode_images
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.precision import cpu_multiplies_bfloat16
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vocabulary.reasons import NO_REASON


@dataclass(frozen=True)
class Stage:
    """A stage to time, its floor, and its target in seconds."""

    what: str
    run: Callable[[], object]
    work: Work
    most_seconds: float | None = None


def sprites(images: int, image_size: int) -> ImageSet:
    """Returns that many rendered sprites with all of their attributes."""
    with tempfile.TemporaryDirectory() as folder:
        return SpritesSettings(image_size=image_size, images=images).load(Path(folder), Path(folder), seed=0)


def classifier_training(quick: bool) -> Stage:
    """Returns 200 steps of the attribute classifier on 32x32 sprites, in batches of 64."""
    steps, batch = (2, 16) if quick else (200, 64)
    data = sprites(100 if quick else 6000, 32)
    targets = fit_targets(data.attributes, data.values)
    training = TrainingSettings(
        steps=steps, batch_size=batch, evaluate_every=steps, checkpoint_every=steps, evaluation_images=1
    )
    settings = AttributeClassifierSettings(training=training)

    def run() -> object:
        model = build(settings, (1, 32, 32), targets, seed=0)
        return train(
            model, data.images, data.values, data.images[:1], training, 0, "cpu", None, lambda _: None,
            lambda: False, data.values[:1],
        )  # fmt: skip

    plain = build(settings, (1, 32, 32), targets, seed=0)
    once = counted(lambda: plain(torch.zeros(1, 1, 32, 32)).sum().backward())
    work = Work(once * batch * steps, precision="bf16" if cpu_multiplies_bfloat16() else "fp32")
    return Stage(f"classifier training, {steps} steps of {batch} sprites 32x32", run, work)


def interventions(quick: bool) -> Stage:
    """Returns check C of the 64x64 Burgess network: every dimension, 7 doses, 256 sprites, nulls included."""
    dimensions, resamples, moves = (2, 20, 2) if quick else (10, 1000, 45)
    data = sprites(300 if quick else 2000, 64)
    targets = fit_targets(data.attributes, data.values)
    attribute_classifier = build(AttributeClassifierSettings(), (1, 64, 64), targets, seed=0)
    model, untrained = (build(VaeSettings(latent_dim=dimensions), (1, 64, 64), (), seed) for seed in (0, 1))
    for module in (attribute_classifier, model, untrained):
        module.to(memory_format=torch.channels_last)  # as loaded models are
    codes = encode_images(model, data.images)[0]
    gates = [Gate(a.name, "passed", "R2", 1.0, 0.5, NO_REASON) for a in data.attributes]
    decoded = 0

    def decode(latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        nonlocal decoded
        decoded += len(latents)
        return decode_latents(model, latents, rows=rows)

    def run() -> object:
        return intervention.compute(
            data.attributes, codes[:256], codes, decode, lambda images: classify_images(attribute_classifier, images),
            attribute_classifier.response_columns, gates, list(np.arange(len(data.attributes)) % dimensions),
            range(dimensions), 0,
            untrained_decode=decoder_of(untrained), resamples=resamples,
            null_directions_per_dimension=moves,
        )  # fmt: skip

    run()  # counts the images; the untrained decoder's, a few in a hundred, are left out of the floor
    with torch.no_grad():
        work = Work(decoded * counted(lambda: attribute_classifier(model.decode(torch.zeros(1, dimensions)))))
    what = (
        f"check C, {dimensions} dimensions x 7 doses x 256 sprites 64x64, {decoded:,} images decoded and read"
    )
    return Stage(what, run, work, most_seconds=20.0)
