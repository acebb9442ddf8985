"""What only an InterpretableGAN's generator can show: samples beside what was asked, edits, what noise does."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space import asked_and_read, conditional_generation, variance_shares
from latent_audit.tasks.analyses.scores import classifier_scores, convergence
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.estimates import mean_estimate
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.arrays import read_json, reference
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.decoder_noise import draw_noise
from latent_audit.vae_models.inference import classify_images, decode_latents, decode_with_noise

if TYPE_CHECKING:
    from latent_audit.tasks.analyses.latent_space.variance_shares import Draw
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan

ASKED_SAMPLES = 1000
# What a dimension of noise is set to in its strip: standard deviations of a normal.
NOISE_LEVELS = (-2.0, -1.0, 0.0, 1.0, 2.0)
# Curves that say whether training had come to its end: what samples are asked for, and how much they differ.
WATCHED_CURVES = ("follow", "sample_diversity")


def explain_gan(
    folder: Path,
    model: "InterpretableGan",
    attribute_classifier: "ReadsAttributes",
    data: Prepared,
    trained: Artifact,
    most_images: int,
    variance_draws: int,
    seed: int,
    shown_samples: int = 16,
) -> dict[str, Any]:
    """Returns the `gan` section of audit.json: whether samples follow the code, edits, samples, and what noise does.

    At most `most_images` held-out images, drawn with the seed, are edited by name. Shares of variance are of
    `variance_draws` pairs of draws.
    """
    device = next(model.parameters()).device
    places = data.draw("probe_test", most_images, seed, "discriminator")
    images = torch.from_numpy(data.images("probe_test", places)).to(device).float() / 255
    with torch.no_grad():
        codes = model.encoder(images)
    generator = torch.Generator(device).manual_seed(seed)
    samples, conditioned_on = model.sample(ASKED_SAMPLES, generator)
    pictures = samples.float().cpu().numpy()
    attributes = {attribute.name: attribute for attribute in data.data.attributes}
    asked = attribute_classifier.columns_read([target.name for target in model.layout.targets])
    named = [attributes[model.layout.targets[k].name] for k in asked]
    conditioned_on = conditioned_on[:, asked]
    read_columns = attribute_classifier.columns_read([attribute.name for attribute in data.data.attributes])
    responses = classify_images(attribute_classifier, pictures)
    scale = scales_of(attribute_classifier.targets)
    followed = classifier_scores.compute(
        named,
        conditioned_on,
        responses,
        attribute_classifier.response_columns,
        scale,
        seed,
        source="bootstrap over samples",
    )
    edits = conditional_generation.compute(
        [data.data.attributes[k] for k in read_columns],
        data.values("probe_test", data.complete("probe_test"))[:, read_columns],
        lambda name, yes: classify_images(
            attribute_classifier,
            decode_latents(model, model.layout.conditioned_on(codes, name, yes).cpu().numpy(), rows=places),
        ),
        attribute_classifier.response_columns,
        [attribute.name for attribute in named],
        np.random.default_rng((seed, 0xED17)),
    )
    shown = draw_rows(len(pictures), shown_samples, seed, "shown samples")
    read = asked_and_read.compute(
        named,
        conditioned_on,
        responses,
        attribute_classifier.response_columns,
        scale,
        shown,
        np.random.default_rng((seed, 0xA5ED)),
    )
    curves = read_json(trained.path / "training.json")["curves"]
    judged = [
        convergence.levelled_off(name, curves[name]["step"], curves[name]["value"])
        for name in WATCHED_CURVES
        if name in curves
    ]
    return {
        "contributions": None,  # in the section `discriminator`, of every seed
        "samples_follow": to_json(followed),
        "edits": to_json(edits),
        "samples": reference(folder, "gan_samples", _as_bytes(pictures[shown])),
        "asked": to_json(read),
        "variance_shares": _variance_shares(model, variance_draws, seed),
        "noise": _noise(folder, model, codes.cpu().numpy(), places, seed),
        "convergence": to_json([one for one in judged if one is not None]),
        "collapse_reason": model.collapse_reason,
    }


def _variance_shares(model: "InterpretableGan", draws: int, seed: int) -> Any:
    """What named dimensions, free ones and noise do to pictures, alone and together."""
    generator = torch.Generator(next(model.parameters()).device).manual_seed(seed)

    def draw() -> "Draw":
        latents = model.sample_latents(draws, generator).cpu().numpy()
        noise, named = model.noise(draws, generator).cpu().numpy(), model.layout.named_size
        return {"named": latents[:, :named], "free": latents[:, named:], "noise": noise}

    found = variance_shares.compute(
        draw(),
        draw(),
        lambda inputs: decode_with_noise(
            model, np.concatenate([inputs["named"], inputs["free"]], axis=1), inputs["noise"]
        ),
        np.random.default_rng((seed, 0x50B0)),
    )
    return to_json(found)


def _noise(
    folder: Path,
    model: "InterpretableGan",
    codes: NDArray[np.float32],
    places: NDArray[np.int64],
    seed: int,
    most_images: int = 64,
) -> Any:
    """A strip for each dimension of noise: one held-out image with the dimension at each level, the others as drawn."""
    dimensions, levels = model.noise_dimensions, np.array(NOISE_LEVELS, np.float32)
    if not dimensions:
        return None
    some = draw_rows(len(codes), most_images, seed, "noise")
    own = draw_noise(places[some], dimensions)
    noise = np.tile(own[:, None, None], (1, dimensions, len(levels), 1))
    for j in range(dimensions):
        noise[:, j, :, j] = levels
    repeated = codes[some].repeat(dimensions * len(levels), axis=0)
    pictures = decode_with_noise(model, repeated, noise.reshape(-1, dimensions))
    pictures = pictures.reshape(len(some), dimensions, len(levels), *pictures.shape[1:])
    moved = np.abs(pictures[:, :, -1] - pictures[:, :, 0]).mean(axis=(2, 3, 4))  # (images, dimensions)
    rng = np.random.default_rng((seed, 0x2015E))
    (shown,) = draw_rows(len(some), 1, seed, "shown noise")
    return {
        "levels": list(NOISE_LEVELS),
        "moved": to_json([mean_estimate(column, 500, rng, "bootstrap over images") for column in moved.T]),
        "strips": reference(folder, "noise", _as_bytes(pictures[shown].reshape(-1, *pictures.shape[3:]))),
    }


def _as_bytes(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (pictures * 255).round().astype(np.uint8)
