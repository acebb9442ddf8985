"""Reports notes on the data before training, and checks settings against the data."""

from latent_audit.reports.page.messages import english
from latent_audit.tasks.errors import AuditError
from latent_audit.tasks.session.progress import ProgressDisplay
from latent_audit.tasks.session.terminal_text import named
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
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


def refuse_unknown_attribute(setting: str, name: str | None, prepared: Artifact) -> None:
    """Raises AuditError if a setting names an attribute that the data do not have."""
    facts = read_json(prepared.path / "data.json")
    known = [row["name"] for row in facts["attributes"]] + [row["attribute"] for row in facts["not_tested"]]
    if name is not None and name not in known:
        raise AuditError(f"{setting} names {name!r}, and the data have {', '.join(map(named, known))}")
