"""While the attribute classifier learns: accuracy, confidence and calibration at checkpoints of its training."""

from pathlib import Path
from typing import cast

from latent_audit.tasks.analyses.scores import calibration, classifier_scores
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.checkpoints_kept import train_and_keep
from latent_audit.tasks.stages.training.training_report import training_facts
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.inference import classify_images

RESAMPLES = 200


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: AttributeClassifierSettings,
    learning_checkpoints: int,
    probe_images: int,
    seed: int,
) -> None:
    """Trains the classifier once more, to its last step, and writes classifier_learning.json as audit.json has it.

    Scores are of at most `probe_images` images of probe_test, which it never saw.
    """
    data = open_prepared(prepared)
    watched = train_and_keep(data, "classifier_train", classifier, seed, context, learning_checkpoints)
    places = data.draw("probe_test", probe_images, seed, "learning", every_class=True)
    images, values = data.images("probe_test", places), data.values("probe_test", places)
    attributes, rows = data.data.attributes, []
    for checkpoint in watched.checkpoints:
        model = cast("AttributeClassifier", watched.at(checkpoint))
        responses, columns = classify_images(model, images), model.response_columns
        scores = classifier_scores.compute(
            attributes, values, responses, columns, scales_of(model.targets), seed, RESAMPLES
        )
        sure = calibration.compute(attributes, values, responses, columns, seed, RESAMPLES)
        rows.append({"step": checkpoint.step, "scores": to_json(scores), "calibration": to_json(sure)})
    record = {"images": len(places), "checkpoints": rows, "curves": training_facts(watched.result)["curves"]}
    write_json(folder / "classifier_learning.json", record)
