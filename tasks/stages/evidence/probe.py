"""Probe: what each dimension carries (check A), what else it carries (check B), and what the whole code does."""

from pathlib import Path

from latent_audit.tasks.analyses.scores import probes
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.claims import find_claims
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    encoded: Artifact,
    permutations: int,
    bootstraps: int,
    probe_images: int,
    boosting_images: int,
    boosting_iterations: int,
    significance: float,
    survives_min: float,
    gap_min: float,
    seed: int,
) -> None:
    """Writes probe.json: association, specificity and probes, as audit.json holds them."""
    data = open_prepared(prepared)
    kept = open_codes(encoded)
    codes = kept.of_probe_parts()
    audited = data.audited()
    attributes = data.data.attributes
    fit_values, test_values = (data.values(part) for part in PROBE_PARTS)
    context.report(0, 2, {})
    associated, specific = find_claims(
        audited,
        kept.of_probe_parts(audited).one_by_one(),
        permutations,
        bootstraps,
        significance,
        survives_min,
        gap_min,
        seed,
    )
    context.report(1, 2, {})
    fitted, scored = (
        data.draw(part, probe_images, seed, f"probes on {part}", every_class=True) for part in PROBE_PARTS
    )
    probed = probes.compute(
        attributes,
        codes.fit[fitted],
        fit_values[fitted],
        codes.test[scored],
        test_values[scored],
        {name: (of["probe_fit"][fitted], of["probe_test"][scored]) for name, of in kept.controls.items()},
        seed,
        bootstraps,
        boosting_iterations,
        boosting_images,
    )
    write_json(
        folder / "probe.json",
        {
            "association": to_json(associated),
            "specificity": to_json(specific),
            "probes": to_json(probed),
        },
    )
    best = {f"uncertainty.{claim.attribute}": claim.uncertainty.value for claim in specific}
    write_summary(folder, metrics=best)
