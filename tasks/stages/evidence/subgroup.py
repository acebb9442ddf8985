"""Subgroups: the effect of each claimed dimension within the groups of another attribute."""

from collections.abc import Sequence
from pathlib import Path

from latent_audit.tasks.analyses.checks import subgroups
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.responses import open_responses
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    intervened: Artifact,
    subgroup_by: str | None,
    name: str,
    seed: int,
) -> None:
    """Writes subgroups.json as audit.json holds it: empty where no attribute has classes to group by."""
    data = open_prepared(prepared).audited()
    by = subgroup_by or _first_grouping(data.data.attributes)
    if by not in [attribute.name for attribute in data.data.attributes]:
        by = None  # set aside: too few images of a class to compare groups by it
    responses = open_responses(intervened)
    found = (
        ()
        if by is None
        else subgroups.compute(
            name,
            data.data.attributes,
            data.values("probe_test")[responses.rows],
            responses.claims,
            responses.of_dimension,
            responses.columns,
            by,
            seed,
        )
    )
    write_json(folder / "subgroups.json", to_json(found))


def _first_grouping(attributes: Sequence[Attribute]) -> str | None:
    return next((a.name for a in attributes if a.kind in ("binary", "categorical")), None)
