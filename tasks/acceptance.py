"""Which runs of a name were accepted: what later runs are compared with, and what is never cleared away.

runs/<name>/accepted.jsonl has a line an acceptance, the last one counts. It lies beside the run's folder, which is
sealed.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.audit_json import read_audit
from reports.errors import ReportError
from reports.manifest import MANIFEST_NAME
from reports.verification import check
from tasks.errors import AcceptanceError
from tasks.records import digest_of_file
from tasks.store import writing

ACCEPTED = "accepted.jsonl"


@dataclass(frozen=True)
class Acceptance:
    """One run that somebody accepted. `manifest` is the SHA-256 of its manifest.json; `by` may be empty."""

    run_id: str
    manifest: str
    accepted: str
    by: str


def accept(folder: Path, by: str, now: datetime) -> Acceptance:
    """Notes a finished run as accepted and returns the note.

    Raises AcceptanceError for a folder that is no run, or not what the run wrote.
    """
    folder = folder.resolve()  # runs/latest is a link
    if not (folder / MANIFEST_NAME).is_file():
        raise AcceptanceError(f"{folder} is no finished run: expected a folder such as runs/latest")
    problems = check(folder).problems
    if problems:
        said = "\n  ".join(problem.sentence for problem in problems)
        raise AcceptanceError(f"{folder.name} is not what the run wrote, and is not accepted:\n  {said}")
    digest = digest_of_file(folder / MANIFEST_NAME)
    note = Acceptance(folder.name, digest, now.isoformat(timespec="seconds"), by)
    path = folder.parent / ACCEPTED
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(note), sort_keys=True) + "\n")
    return note


def acceptances(home: Path) -> list[Acceptance]:
    """Returns the acceptances among the runs in `home` (runs/<name>), in order.

    Raises AcceptanceError where the file was broken by hand: guessing would clear away what was accepted.
    """
    path = home / ACCEPTED
    if not path.is_file():
        return []
    try:
        return [
            Acceptance(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line
        ]
    except (ValueError, TypeError) as error:
        raise AcceptanceError(f"{path} cannot be read ({error}); it has one JSON object a line") from error


def last_accepted(home: Path) -> tuple[Acceptance, dict[str, Any]] | None:
    """Returns the last accepted run that is still there unchanged, and its audit; None if there is none."""
    for note in reversed(acceptances(home)):
        folder = home / note.run_id
        manifest = folder / MANIFEST_NAME
        if manifest.is_file() and digest_of_file(manifest) == note.manifest:
            try:
                return note, read_audit(folder)
            except ReportError:
                continue
    return None
