"""Our training loop on the 64x64 Burgess VAE, timed from the end of the warm-up."""

import time

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.burgess import decoder_layers, encoder_layers
from benchmarks.training_side import BATCH, LEARNING_RATE, Trained
from latent_audit.vae_models.building import build
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train as train_model
from latent_audit.vae_models.training.results import Progress
from latent_audit.vae_models.training.settings import TrainingSettings


def train(images: NDArray[np.uint8], warm_up: int, seed: int, device: str) -> Trained:
    """Trains as a run does, in the precision that a run takes."""
    steps = warm_up + len(images) // BATCH
    settings = TrainingSettings(
        steps=steps,
        batch_size=BATCH,
        learning_rate_decay=0.0,  # as the peers train
        evaluate_every=steps,
        checkpoint_every=steps,
    )
    asked = VaeSettings(warm_up_steps=0, learning_rate=LEARNING_RATE, training=settings)
    model = build(asked, (1, 64, 64), (), seed)
    # The peers' start, so that losses after the same steps differ by seed and arithmetic alone.
    with torch.no_grad():
        for module, plain in ((model.encoder, encoder_layers()), (model.decoder, decoder_layers())):
            for weight, first in zip(module.parameters(), plain.parameters(), strict=True):
                weight.copy_(first)
    marks: dict[str, float] = {}
    calls = 0

    def count_steps() -> bool:
        nonlocal calls  # asked before every step
        if calls == warm_up:
            marks["start"] = time.monotonic()
        calls += 1
        return False

    def note_end(progress: Progress) -> None:
        if progress.step == steps:
            marks["end"] = time.monotonic()

    train_model(model, images, None, images[:1], settings, seed, device, None, note_end, count_steps)
    model.cpu()
    return Trained(
        marks["start"],
        marks["end"],
        lambda pixels: torch.cat(model.encode(pixels), 1),
        lambda latents: torch.logit(model.decode(latents), eps=1e-7),
    )
