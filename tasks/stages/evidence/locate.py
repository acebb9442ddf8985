"""Locate: where each attribute lives in a model's code: in a dimension, along a direction, in a block, or nowhere."""

from pathlib import Path

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.places import measure_places, write_predictions
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import read_json, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of
from latent_audit.vae_models.storage.checkpoints import load, load_classifier


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    trained: Artifact,
    encoded: Artifact,
    intervened: Artifact,
    thresholds: Thresholds,
    permutations: int,
    bootstraps: int,
    probe_images: int,
    interchange_pairs: int,
    boosting_images: int,
    boosting_iterations: int,
    seed: int,
) -> None:
    """Writes places.json as audit.json holds it, and the coordinates of held-out images on every rung.

    intervened: whose gates say which attributes the classifier may judge in this model's images.
    """
    data = open_prepared(prepared)
    model = load(trained.path, context.device)
    attribute_classifier = load_classifier(classifier.path, context.device)
    gates = read_json(intervened.path / "intervention.json")["gates"]
    found = measure_places(
        data,
        attribute_classifier,
        open_codes(encoded).of_probe_parts(),
        decoder_of(model, "auto"),
        ["" if gate["status"] == "passed" else gate["reason"] for gate in gates],
        thresholds,
        Sizes(
            probe_images, interchange_pairs, permutations, bootstraps, boosting_iterations, boosting_images
        ),
        seed,
    )
    write_json(folder / "places.json", to_json(found))
    write_predictions(folder, found)
    causes = {
        f"cause.{place.attribute}.{rung.rung}": rung.swapped.causes[0].estimate.value
        for place in found.attributes
        for rung in place.rungs
        if rung.swapped is not None
    }
    write_json(folder / "summary.json", {"metrics": causes})
