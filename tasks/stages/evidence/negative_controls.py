"""Control: the same three checks on codes that can carry nothing by design, held to the same rules.

`shuffled` gives each image another image's code, `random_init` is the model before training, and `pca` takes
the principal components of pixels, as many as the model has dimensions. A rule that called one of these
Supported would not be worth having.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_audit.tasks.analyses.checks.auditability import statistic_name
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.specificity import Specificity
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import Decode, without_noise
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.claims import find_claims
from latent_audit.tasks.stages.evidence.interventions import (
    InterventionSizes,
    gate_reconstructions,
    intervene_on,
    not_readable,
)
from latent_audit.tasks.stages.evidence.places import claims_of, measure_places, untestable
from latent_audit.tasks.stages.inputs.codes import Codes, ProbeCodes, decode_components, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of
from latent_audit.vae_models.storage.checkpoints import load, load_classifier, load_untrained
from latent_audit.vocabulary.reasons import Reason, reason

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes


@dataclass(frozen=True)
class Control:
    """A code without knowledge, the decoder that goes with it, and an untrained one of its size, if there are any."""

    codes: ProbeCodes
    decode: Decode | None
    untrained_decode: Decode | None


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    trained: Artifact,
    encoded: Artifact,
    permutations: int,
    bootstraps: int,
    intervention_images: int,
    null_directions_per_dimension: int,
    gate_images: int,
    null_images: int,
    untrained_images: int,
    thresholds: Thresholds,
    probe_images: int,
    interchange_pairs: int,
    boosting_images: int,
    boosting_iterations: int,
    seed: int,
) -> None:
    """Writes controls.json: association, specificity, intervention and places of each control, as in audit.json."""
    data = open_prepared(prepared).audited()
    attribute_classifier = load_classifier(classifier.path, context.device)
    codes = open_codes(encoded)
    controls = _controls(codes, data, trained, encoded, context.device, seed)
    interventions = InterventionSizes(
        intervention_images,
        bootstraps,
        null_directions_per_dimension,
        gate_images,
        null_images,
        untrained_images,
        seed,
    )
    places = Sizes(
        probe_images, interchange_pairs, permutations, bootstraps, boosting_iterations, boosting_images
    )
    unreadable = not_readable(data, classifier, thresholds.classifier_share_of_way)
    found = []
    for done, (name, control) in enumerate(controls.items()):
        context.report(done, len(controls), {})
        associated, claims = find_claims(
            data,
            control.codes.one_by_one(),
            permutations,
            bootstraps,
            thresholds.significance,
            thresholds.survives_min,
            thresholds.gap_min,
            seed,
        )
        gates = (
            ()
            if control.decode is None
            else gate_reconstructions(
                data,
                attribute_classifier,
                control.codes,
                control.decode,
                thresholds.classifier_share_of_way,
                unreadable,
                interventions,
            )
        )
        if control.decode is None:
            intervened: Any = {"not_applicable": reason("intervention.no_decoder")}
        elif any(gate.status == "passed" for gate in gates):
            intervened = _intervene(
                data, attribute_classifier, control, control.decode, claims, gates, interventions
            )
        else:
            intervened = _unreadable(gates)
        found.append(
            {
                "control": name,
                "dimensions": [
                    {"index": j, "name": dim} for j, dim in enumerate(control.codes.one_by_one().names)
                ],
                "association": to_json(associated),
                "specificity": to_json(claims),
                "intervention": intervened,
                "places": to_json(
                    measure_places(
                        data,
                        attribute_classifier,
                        control.codes,
                        control.decode,
                        untestable(gates) or [intervened["not_applicable"]] * len(data.data.attributes),
                        claims_of(to_json(associated), to_json(claims), thresholds.significance)
                        if gates
                        else (),
                        thresholds,
                        places,
                        seed,
                    )
                ),
            }
        )
    write_json(folder / "controls.json", found)


def _controls(
    codes: Codes, data: Prepared, trained: Artifact, encoded: Artifact, device: str, seed: int
) -> Mapping[str, Control]:
    model, untrained = load(trained.path, device), load_untrained(trained.path, device)

    reach, shape = reach_of(trained), data.data.images.shape[1:]
    decode = decoder_of(model, "auto") if reach.has_decoder else None
    before = decoder_of(untrained, "auto") if reach.has_decoder else None
    untrained_decode = before if reach.images_by_weights else None
    controls = {"shuffled": Control(codes.of_probe_parts(data).shuffled(seed), decode, untrained_decode)}
    if "random_init" in codes.controls:  # not of a model whose codes do not depend on weights
        controls["random_init"] = Control(codes.of_control("random_init", data), before, None)
    components = Control(
        codes.of_control("pca", data),
        # Of a model that only encodes, no picture of a control is judged either.
        without_noise(lambda latents: decode_components(encoded, latents, shape))
        if reach.has_decoder
        else None,
        None,
    )
    return {**controls, "pca": components}


def _intervene(
    data: Prepared,
    attribute_classifier: "ReadsAttributes",
    control: Control,
    decode: Decode,
    claims: Sequence[Specificity],
    gates: Sequence[Gate],
    sizes: InterventionSizes,
) -> Any:
    dimensions = [claim.dimension for claim in claims]
    return to_json(
        intervene_on(
            data,
            attribute_classifier,
            control.codes,
            decode,
            control.untrained_decode,
            dimensions,
            gates,
            sizes,
        )
    )


def _unreadable(gates: Sequence[Gate]) -> dict[str, Reason]:
    scores: list[str | Reason] = [
        reason(
            "control.score",
            attribute=gate.attribute,
            statistic=statistic_name(gate.statistic),
            value=f"{gate.value:.2f}",
        )
        for gate in gates
        if np.isfinite(gate.value)
    ]
    return {"not_applicable": reason("control.unreadable", scores=scores)}
