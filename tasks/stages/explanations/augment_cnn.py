"""Augmentation of a CNN: trained on few labelled images, with and without images that the model generated."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.applications import augmented_cnn as analysis
from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of, labels_of
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.on_request.applications import AugmentedCnnSettings
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.labelled_cnn import train_on_labelled
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import Target, fit_targets
from latent_audit.vae_models.inference import classify_images, decoder_of
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vae_models.training.settings import TrainingSettings

# Half the widths of the attribute classifier: few images are learnt from.
WIDTH, HIDDEN = 32, 64


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    augmented_cnn: AugmentedCnnSettings,
    seed: int,
) -> None:
    """Writes augmented_cnn.json: labelled images are of probe_fit, those that are scored of probe_test."""
    data, codes, asked = open_prepared(prepared), open_codes(encoded), augmented_cnn
    decode = decoder_of(load(trained.path, context.device))
    classes = classes_of(data.data.attributes, data.values("probe_fit"))
    split = analysis.split_repeats(
        data.complete("probe_fit"),
        data.complete("probe_test"),
        asked.repeats,
        asked.images,
        asked.held_out_images,
        seed,
    )
    targets = _targets([one.attribute.name for one in classes])
    training = TrainingSettings(steps=asked.steps, evaluate_every=asked.steps, patience=None)
    settings = AttributeClassifierSettings(width=WIDTH, hidden=HIDDEN, training=training)
    without: list[NDArray[np.float64]] = []
    with_generated: list[NDArray[np.float64]] = []
    judged = []
    for number, repeat in enumerate(split):
        images = data.images("probe_fit", repeat.labelled)
        labels = labels_of(classes, data.values("probe_fit", repeat.labelled))
        rng = np.random.default_rng((seed, number))
        own = codes.of("probe_fit")[repeat.labelled]
        made, known = analysis.generate(own, labels, asked.generated, decode, rng)
        held_out = data.images("probe_test", repeat.held_out)
        truth = labels_of(classes, data.values("probe_test", repeat.held_out))
        judged.append(~np.isnan(known).all(axis=0) & truth.any(axis=0) & ~truth.all(axis=0))
        values = labels.astype(np.float64)
        for found, given in (
            (without, (images, values)),
            (with_generated, analysis.with_real(images, values, made, known)),
        ):
            cnn = train_on_labelled(settings, targets, *given, seed + number, context)
            found.append(analysis.accuracies(truth, classify_images(cnn, held_out)))
        context.report(number + 1, len(split), {})
    rows = analysis.gains(
        classes, np.stack(without), np.stack(with_generated), np.all(judged, axis=0).tolist()
    )
    record = {
        "labelled": min(len(repeat.labelled) for repeat in split),
        "generated": asked.generated // 2 * 2,
        "held_out_images": sum(len(repeat.held_out) for repeat in split),
        "repeats": asked.repeats,
        "steps": asked.steps,
        "gains": to_json(rows),
    }
    write_json(folder / "augmented_cnn.json", record)
    write_summary(
        folder, metrics={f"augmented_cnn_gain.{row.attribute}": row.difference.value for row in rows}
    )


def _targets(names: list[str]) -> tuple[Target, ...]:
    attributes = [Attribute(name, "binary", classes=("no", "yes")) for name in names]
    return fit_targets(attributes, np.tile([[0.0], [1.0]], (1, len(names))))
