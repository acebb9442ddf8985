"""Locate: where each attribute lives in a model's code: in a dimension, along a direction, in a block, or nowhere."""

from collections.abc import Sequence
from pathlib import Path

from latent_audit.tasks.analyses.absence.measure import AbsenceSizes
from latent_audit.tasks.analyses.absence.reconstructions import Drawn, measure_drawn
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.places import (
    claims_of,
    measure_places,
    write_lines,
    write_predictions,
)
from latent_audit.tasks.stages.inputs.codes import ProbeCodes, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.arrays import read_json, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.reasons import reason_in


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    trained: Artifact,
    encoded: Artifact,
    probed: Artifact,
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
    """Writes places.json as audit.json holds it, coordinates of held-out images on every rung, and directions.

    probed: whose claims on single dimensions are swapped too. intervened: whose gates say which attributes the
    classifier may judge in this model's images.
    """
    data = open_prepared(prepared)
    audited = data.audited()
    model = load(trained.path, context.device)
    attribute_classifier = load_classifier(classifier.path, context.device)
    claimed = read_json(probed.path / "probe.json")
    intervention = read_json(intervened.path / "intervention.json")
    decodes = reach_of(trained).has_decoder
    gates = intervention["gates"] if decodes else []
    why_not = (
        [None if gate["status"] == "passed" else reason_in(gate) for gate in gates]
        if decodes
        else [reason_in(intervention, "not_applicable")] * len(data.data.attributes)
    )
    found = measure_places(
        audited,
        attribute_classifier,
        open_codes(encoded).of_probe_parts(audited),
        decoder_of(model, "auto") if decodes else None,
        why_not,
        claims_of(claimed["association"], claimed["specificity"], thresholds.significance) if decodes else (),
        thresholds,
        Sizes(
            probe_images, interchange_pairs, permutations, bootstraps, boosting_iterations, boosting_images
        ),
        seed,
    )
    drawn = _drawn(
        data,
        model,
        open_codes(encoded).of_probe_parts(),
        [gate["attribute"] for gate in gates if gate["status"] != "passed"],
        probe_images,
        AbsenceSizes(permutations, bootstraps, boosting_images, boosting_iterations),
        seed,
    )
    write_json(folder / "places.json", {**to_json(found), "drawn": to_json(drawn)})
    write_predictions(folder, found)
    write_lines(folder, found)
    causes = {
        f"cause.{place.attribute}.{rung.rung}": rung.swapped.causes[0].estimate.value
        for place in found.attributes
        for rung in place.rungs
        if rung.swapped is not None
    }
    write_summary(folder, metrics=causes)


def _drawn(
    data: Prepared,
    model: Model,
    codes: ProbeCodes,
    unread: Sequence[str],
    most_images: int,
    sizes: AbsenceSizes,
    seed: int,
) -> list[Drawn]:
    """Returns what reconstructions show of attributes that the classifier cannot read in them."""
    if not unread:
        return []
    decode = decoder_of(model)
    fitted, scored = (
        data.draw(part, most_images, seed, f"reconstructions of {part}", every_class=True)
        for part in PROBE_PARTS
    )
    return measure_drawn(
        data.data.attributes,
        unread,
        decode(codes.fit[fitted], fitted),
        data.values("probe_fit", fitted),
        decode(codes.test[scored], scored),
        data.values("probe_test", scored),
        sizes,
        seed,
        data.image_groups("probe_test", scored),
    )
