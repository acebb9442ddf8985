"""Train the attribute classifier: the independent judge that interventions and samples are scored by."""

from pathlib import Path

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.reading_quality import reading_quality
from latent_audit.tasks.stages.training.training_report import train_on_part, training_facts
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
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
    quality = reading_quality(model, data, seed)
    facts = {
        "parameters": sum(weights.numel() for weights in model.parameters()),
        **quality.facts,
    }
    write_json(folder / "classifier.json", facts)
    write_summary(
        folder,
        metrics=quality.metrics,
        curves={
            f"classifier.{name}": curve for name, curve in training_facts(trained.result)["curves"].items()
        },
    )
