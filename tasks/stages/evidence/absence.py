"""Absence: what readers of the whole code find of the attributes that it must not hold."""

from collections.abc import Sequence
from pathlib import Path

from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim
from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues, measure
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
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
    claims_of_absence: Sequence[AbsenceClaim],
    permutations: int,
    bootstraps: int,
    probe_images: int,
    boosting_images: int,
    boosting_iterations: int,
    absent_max: float,
    seed: int,
) -> None:
    """Writes absence.json as audit.json holds it; claims on attributes that were set aside are left out."""
    data = open_prepared(prepared)
    codes = open_codes(encoded).of_probe_parts()
    fitted = data.draw("probe_fit", probe_images, seed, "absence", every_class=True)
    known = {attribute.name for attribute in data.data.attributes}
    found = measure(
        CodeAndValues(
            data.data.attributes,
            codes.fit[fitted],
            data.values("probe_fit", fitted),
            codes.test,
            data.values("probe_test"),
            data.image_groups("probe_fit", fitted),
            data.image_groups("probe_test"),
        ),
        [claim for claim in claims_of_absence if {claim.attribute, *claim.given} <= known],
        absent_max,
        AbsenceSizes(permutations, bootstraps, boosting_images, boosting_iterations),
        seed,
    )
    write_json(folder / "absence.json", to_json(found))
    told = {f"told.{row.attribute}": row.uncertainty.value for row in found if not row.given}
    write_summary(folder, metrics=told)
