"""What only an InterpretableGAN can show: decisions as sums, and samples that are what was asked for."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from latent_audit.tasks.analyses.attributions.gan_explanations import (
    CaptumAgreement,
    agree_with_captum,
    explain_discriminator,
)
from latent_audit.tasks.analyses.latent_space import conditional_generation
from latent_audit.tasks.analyses.scores import classifier_scores
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.arrays import reference
from latent_audit.vae_models.inference import classify_images, decode_latents

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan

ASKED_SAMPLES = 1000


def explain_gan(
    folder: Path,
    model: "InterpretableGan",
    attribute_classifier: "AttributeClassifier",
    data: Prepared,
    most_images: int,
    seed: int,
    shown_samples: int = 16,
) -> dict[str, Any]:
    """Returns the `gan` section of audit.json: contributions, whether samples follow the code, edits, and samples.

    Decisions about at most `most_images` held-out images, drawn with the seed, are explained, and edited by name.
    """
    device = next(model.parameters()).device
    places = data.draw("probe_test", most_images, seed, "discriminator")
    images = torch.from_numpy(data.images("probe_test", places)).to(device).float() / 255
    with torch.no_grad():
        codes = model.encoder(images)
        presented = model.layout.presented(codes)
        contributions = model.contributions(images)
        logits = model.discriminator(presented)
    explained = explain_discriminator(
        contributions.names,
        contributions.values.cpu().numpy(),
        float(contributions.bias.detach()),
        logits.cpu().numpy(),
        _captum(model, presented, seed),
    )
    generator = torch.Generator(device).manual_seed(seed)
    samples, conditioned_on = model.sample(ASKED_SAMPLES, generator)
    pictures = samples.float().cpu().numpy()
    attributes = {attribute.name: attribute for attribute in data.data.attributes}
    followed = classifier_scores.compute(
        [attributes[target.name] for target in model.layout.targets],
        conditioned_on,
        classify_images(attribute_classifier, pictures),
        attribute_classifier.response_columns,
        {target.name: (target.mean, target.std) for target in attribute_classifier.targets},
        seed,
        source="bootstrap over samples",
    )
    edits = conditional_generation.compute(
        data.data.attributes,
        data.values("probe_test"),
        lambda name, yes: classify_images(
            attribute_classifier,
            decode_latents(model, model.layout.conditioned_on(codes, name, yes).cpu().numpy()),
        ),
        attribute_classifier.response_columns,
        [target.name for target in model.layout.targets],
        np.random.default_rng((seed, 0xED17)),
    )
    shown = pictures[draw_rows(len(pictures), shown_samples, seed, "shown samples")]
    return {
        "contributions": to_json(explained),
        "samples_follow": to_json(followed),
        "edits": to_json(edits),
        "samples": reference(folder, "gan_samples", (shown * 255).round().astype(np.uint8)),
        "collapse_reason": model.collapse_reason,
    }


def _captum(
    model: "InterpretableGan", presented: torch.Tensor, seed: int, most_images: int = 32
) -> CaptumAgreement:
    """Integrated gradients over the code, from its mean, against the contributions themselves."""
    some = presented[draw_rows(len(presented), most_images, seed, "captum")].detach()
    return agree_with_captum(model.discriminator.terms, some, presented.mean(0, keepdim=True).detach())
