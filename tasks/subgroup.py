"""Subgroups: the effect of each claimed dimension within the groups of another attribute."""

from collections.abc import Sequence
from pathlib import Path

from tasks.analyses import subgroups
from tasks.analyses.plain import to_plain
from tasks.arrays import read_array, read_json, write_json
from tasks.datasets.attributes import Attribute
from tasks.intervene import RESPONSES, RESPONSES_FACTS
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench


def compute(
    folder: Path,
    bench: Bench,
    *,
    prepared: Artifact,
    intervened: Artifact,
    subgroup_by: str | None,
    model_name: str,
    seed: int,
) -> None:
    """Writes subgroups.json as audit.json holds it: empty where no attribute has classes to group by."""
    data = open_prepared(prepared)
    by = subgroup_by or _first_grouping(data.data.attributes)
    facts = read_json(intervened.path / RESPONSES_FACTS)
    responses = read_array(intervened.path / RESPONSES)
    found = (
        ()
        if by is None
        else subgroups.compute(
            model_name,
            data.data.attributes,
            data.values("probe_test")[facts["rows"]],
            [(claim["attribute"], claim["dimension"]) for claim in facts["claims"]],
            dict(zip(facts["dimensions"], responses, strict=True)),
            facts["columns"],
            by,
            seed,
        )
    )
    write_json(folder / "subgroups.json", to_plain(found))


def _first_grouping(attributes: Sequence[Attribute]) -> str | None:
    return next((a.name for a in attributes if a.kind in ("binary", "categorical")), None)
