"""Train the attribute classifier: the independent judge that interventions and samples are scored by."""

from pathlib import Path

from latent_audit.tasks.analyses.scores import calibration, classifier_scores
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.training_report import train_on_part, training_facts
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.inference import classify_images
from latent_audit.vae_models.storage.recipes import save


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: AttributeClassifierSettings,
    seed: int,
) -> None:
    """Writes weights, recipe and classifier.json with the held-out score and calibration of every attribute.

    Images held out of its own part decide when to stop; scores are of probe_test, which it never saw.
    """
    data = open_prepared(prepared)
    trained = train_on_part(data, "classifier_train", classifier, seed, context)
    model = trained.model
    assert isinstance(model, AttributeClassifier)
    save(folder, model, trained.recipe)
    responses = classify_images(model, data.images("probe_test"))
    scores = classifier_scores.compute(
        data.data.attributes,
        data.values("probe_test"),
        responses,
        model.response_columns,
        scales_of(trained.targets),
        seed,
    )
    sure = calibration.compute(
        data.data.attributes, data.values("probe_test"), responses, model.response_columns, seed
    )
    facts = {
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "scores": to_json(scores),
        "calibration": to_json(sure),
    }
    write_json(folder / "classifier.json", facts)
    write_summary(
        folder,
        metrics={f"classifier.{score.attribute}.{score.statistic}": score.estimate.value for score in scores},
        curves={
            f"classifier.{name}": curve for name, curve in training_facts(trained.result)["curves"].items()
        },
    )
