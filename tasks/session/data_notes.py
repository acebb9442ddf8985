"""Reports notes on the data before training, and checks settings against the data."""

import math
from collections.abc import Mapping

from latent_audit.reports.page.messages import english
from latent_audit.tasks.errors import AuditError
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.reasons import is_reason

_NOTES_PRINTED = 20


def report_data(progress: ProgressDisplay, prepared: Artifact) -> None:
    """Prints what was detected in reading the data, and anomalies."""
    notes = read_json(prepared.path / "data.json")["notes"]
    for note in notes[:_NOTES_PRINTED]:
        progress.line(f"data: {named(english(note) if is_reason(note) else note)}")
    if len(notes) > _NOTES_PRINTED:
        progress.line(
            f"data: {len(notes) - _NOTES_PRINTED} more notes stand in the report, in the section on the data"
        )


def report_few_groups(
    progress: ProgressDisplay, prepared: Artifact, fewest: int, shares: Mapping[str, float]
) -> None:
    """Prints, before training, that images are of too few groups to tell anything, and how many are needed."""
    parts = {row["name"]: row for row in read_json(prepared.path / "data.json")["parts"]}
    groups = parts["probe_test"].get("groups")
    if groups is not None and groups < fewest:
        needed = math.ceil(fewest * sum(shares.values()) / shares["probe_test"])
        progress.line(
            f"data: {groups:,} groups of images in probe_test are too few, {fewest:,} are needed, about {needed:,} in "
            "all with these shares: every verdict will be inconclusive"
        )


def refuse_unknown_attribute(setting: str, name: str | None, prepared: Artifact) -> None:
    """Raises AuditError if a setting names an attribute that the data do not have."""
    facts = read_json(prepared.path / "data.json")
    known = [row["name"] for row in facts["attributes"]] + [row["attribute"] for row in facts["not_tested"]]
    if name is not None and name not in known:
        raise AuditError(f"{setting} names {name!r}, and the data have {', '.join(map(named, known))}")


def refuse_unknown_class(setting: str, attribute: str, value: str, prepared: Artifact) -> None:
    """Raises AuditError if a setting names a class that no attribute of the data has, or an attribute of no classes."""
    facts = read_json(prepared.path / "data.json")
    classes = {row["name"]: row["classes"] for row in facts["attributes"] if row["classes"]}
    if value not in classes.get(attribute, ()):
        known = "; ".join(f"{named(name)}: {', '.join(map(named, own))}" for name, own in classes.items())
        raise AuditError(
            f"{setting} names {attribute!r} = {value!r}, and the classes of the data are {known or 'none'}"
        )
