"""Compares a run with the last accepted one of its name, and reports the changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latent_audit.reports.page import messages
from latent_audit.reports.record import what_changed
from latent_audit.reports.record.audit_json import read_audit, settled
from latent_audit.reports.record.changes import changes
from latent_audit.reports.record.what_changed import record
from latent_audit.tasks.errors import Changed
from latent_audit.tasks.runs.acceptance import last_accepted
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact


def since_accepted(home: Path, judged: Artifact) -> dict[str, Any] | None:
    """Returns what changed since the last accepted run in `home` (runs/<name>), None if none was accepted.

    Has `run_id` (of the accepted one), `accepted` (when), and the record of what changed.
    """
    found = last_accepted(home)
    if found is None:
        return None
    note, before = found
    changed = settled(record(changes(before, read_audit(judged.path))), "since_accepted")
    return {"run_id": note.run_id, "accepted": note.accepted, **changed}


def tags(since: Mapping[str, Any]) -> dict[str, str]:
    """Returns MLflow tags: the run compared with, the number of changes, and each changed verdict."""
    counts = {
        f"changed.{part}": str(len(since[part]))
        for part in ("verdicts", "places", "absence", "scores", "data", "codes")
    }
    verdicts = {
        f"changed.{change['model']}.{change['attribute']}": f"{change['before']} -> {change['now']}"
        for change in since["verdicts"]
    }
    places = {
        f"moved.{change['model']}.{change['attribute']}": f"{change['before']} -> {change['now']}"
        for change in since["places"]
    }
    return {"compared_with": since["run_id"], **counts, **verdicts, **places}


def sentences(since: Mapping[str, Any]) -> list[str]:
    """Returns one line per change, for a terminal."""
    return what_changed.sentences(since, messages.load("en"))


def changes_of(folder: Path) -> list[str]:
    """Returns one line per change that a finished run recorded; none if no run was accepted before it."""
    since = read_json(folder / "run.json")["since_accepted"]
    return [] if since is None else sentences(since)


def refuse_change(folder: Path) -> None:
    """Raises Changed if a finished run differs from the last accepted one."""
    if changed := changes_of(folder):
        said = "\n  ".join(changed)
        raise Changed(
            f"{folder.name} is complete and differs from the last accepted run:\n  {said}\n"
            f"If that is as it should be: latent-audit accept {folder}",
            folder,
        )
