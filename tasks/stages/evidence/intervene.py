"""Intervene: move one dimension, decode, and ask the independent classifier what changed (check C)."""

from pathlib import Path

from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.estimates import Estimate
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.interventions import (
    InterventionSizes,
    gate_reconstructions,
    intervene_on,
    not_readable,
)
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.stages.inputs.responses import write_responses
from latent_audit.tasks.storage.arrays import read_json, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of
from latent_audit.vae_models.storage.checkpoints import load, load_classifier, load_untrained
from latent_audit.vocabulary.reasons import reason


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    trained: Artifact,
    encoded: Artifact,
    probed: Artifact,
    intervention_images: int,
    bootstraps: int,
    null_directions_per_dimension: int,
    gate_images: int,
    null_images: int,
    untrained_images: int,
    classifier_share_of_way: float,
    seed: int,
) -> None:
    """Writes intervention.json as audit.json holds it, and the readings behind the claims, by which subgroups differ.

    Images are drawn from probe_test; doses are quantiles of the codes of probe_fit. Of a model without a decoder,
    intervention.json says that there is none.
    """
    if not reach_of(trained).has_decoder:
        write_json(folder / "intervention.json", {"not_applicable": reason("intervention.no_decoder")})
        return
    data = open_prepared(prepared).audited()
    codes = open_codes(encoded).of_probe_parts(data)
    model = load(trained.path, context.device)
    attribute_classifier = load_classifier(classifier.path, context.device)
    untrained = load_untrained(trained.path, context.device) if reach_of(trained).images_by_weights else None
    sizes = InterventionSizes(
        intervention_images,
        bootstraps,
        null_directions_per_dimension,
        gate_images,
        null_images,
        untrained_images,
        seed,
    )
    claims = read_json(probed.path / "probe.json")["specificity"]
    decode = decoder_of(model, "auto")
    unreadable = not_readable(data, classifier, classifier_share_of_way)
    gates = gate_reconstructions(
        data, attribute_classifier, codes, decode, classifier_share_of_way, unreadable, sizes
    )
    result = intervene_on(
        data,
        attribute_classifier,
        codes,
        decode,
        None if untrained is None else decoder_of(untrained, "auto"),
        [claim["dimension"] for claim in claims],
        gates,
        sizes,
    )
    write_json(folder / "intervention.json", to_json(result))
    write_responses(folder, result, sizes.rows(codes), attribute_classifier.response_columns)
    effects = {
        f"effect.{claim.attribute}": claim.on_target.value
        for claim in result.claims
        if isinstance(claim.on_target, Estimate)
    }
    write_summary(folder, metrics=effects)
