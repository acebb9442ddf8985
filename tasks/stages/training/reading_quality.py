"""How well an attribute classifier reads held-out images: scores and calibration."""

from dataclasses import dataclass
from typing import Any

from latent_audit.tasks.analyses.scores import calibration, classifier_scores
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.inference import classify_images


@dataclass(frozen=True)
class ReadingQuality:
    """`scores` and `calibration` as classifier.json has them, and the scores as metrics."""

    facts: dict[str, Any]
    metrics: dict[str, float]


def reading_quality(model: ReadsAttributes, data: Prepared, seed: int) -> ReadingQuality:
    """Returns the score and calibration of every attribute that a classifier reads, on probe_test."""
    read = model.columns_read([attribute.name for attribute in data.data.attributes])
    attributes = [data.data.attributes[k] for k in read]
    values = data.values("probe_test")[:, read]
    responses = classify_images(model, data.images("probe_test"))
    columns = model.response_columns
    scores = classifier_scores.compute(attributes, values, responses, columns, scales_of(model.targets), seed)
    sure = calibration.compute(attributes, values, responses, columns, seed)
    return ReadingQuality(
        {"scores": to_json(scores), "calibration": to_json(sure)},
        {f"classifier.{score.attribute}.{score.statistic}": score.estimate.value for score in scores},
    )
