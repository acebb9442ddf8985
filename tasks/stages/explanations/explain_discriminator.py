"""Explain the discriminator of an InterpretableGAN: what it decides by, of every seed."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from latent_audit.tasks.analyses.attributions import discriminator_terms
from latent_audit.tasks.analyses.attributions.captum_agreement import agree_with_captum
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.discriminator import axes_of, logits, presented, purified_terms
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import read_json, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.storage.checkpoints import load

if TYPE_CHECKING:
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    discriminator_images: int,
    bootstraps: int,
    seed: int,
    captum_images: int = 32,
) -> None:
    """Writes discriminator.json: unique terms over at most `discriminator_images` held-out images, drawn with the seed.

    As many samples of the model are drawn, to show where the discriminator has seen few of either.
    """
    data = open_prepared(prepared)
    model = cast("InterpretableGan", load(trained.path, context.device))
    places = data.draw("probe_test", discriminator_images, seed, "discriminator")
    seen = presented(model, np.asarray(open_codes(encoded).of("probe_test")[places]))
    rng = np.random.default_rng((seed, 0xD15C))
    purified = purified_terms(model, seen)
    judge = model.discriminator
    taken: list[tuple[float, float]] = [(nats, error) for nats, error in judge.get_buffer("taken").tolist()]
    tried, tried_on = judge.get_buffer("tried").tolist()
    found = discriminator_terms.compute(
        purified,
        axes_of(model.layout, seen),
        presented(model, _codes_of_samples(model, len(seen), rng)),
        logits(model, seen),
        taken,
        (tried, tried_on),
        rng,
        bootstraps,
    )
    some = torch.from_numpy(seen[draw_rows(len(seen), captum_images, seed, "captum")]).to(context.device)
    baseline = torch.from_numpy(seen.mean(axis=0, keepdims=True)).to(context.device)
    shown = places[[decision.row for decision in found.examples]]
    plain = to_json(found)
    for decision, row in zip(plain["examples"], data.rows("probe_test")[shown].tolist(), strict=True):
        decision["row"] = row
    write_json(
        folder / "discriminator.json",
        {
            **plain,
            "step": read_json(trained.path / "training.json")["steps"],
            "captum": to_json(agree_with_captum(judge.terms, some, baseline)),
            "images_of_examples": data.pictures(folder, "decided", "probe_test", shown),
        },
    )
    write_summary(folder, metrics={"discriminator.largest_sum_error": found.largest_sum_error})


def _codes_of_samples(
    model: "InterpretableGan", count: int, rng: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Returns the codes that the encoder reads in `count` samples."""
    generator = torch.Generator(next(model.parameters()).device).manual_seed(int(rng.integers(2**31)))
    with torch.no_grad():
        asked = model.sample_latents(count, generator).cpu().numpy()
    return encode_images(model, decode_latents(model, asked, rows=np.arange(count)))[0]
