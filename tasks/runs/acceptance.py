"""Accepted runs, with which later runs are compared; they are never removed.

runs/<name>/accepted.jsonl has a line an acceptance, the last one counts. It lies beside the run's folder, which is
sealed.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_audit.reports.errors import NotPlainJson, ReportError
from latent_audit.reports.record.audit_json import AUDIT_NAME, parse_audit
from latent_audit.reports.record.manifest import manifest_bytes, read_manifest
from latent_audit.reports.record.problem import Problem
from latent_audit.reports.record.run_files import MAX_BYTES, NotPlain, read_plain
from latent_audit.reports.record.strict_json import parse
from latent_audit.tasks.errors import AcceptanceError, RunUnusable
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.record.audit import Audit

if TYPE_CHECKING:
    from latent_audit.tasks.runs.verify import Verified

ACCEPTED = "accepted.jsonl"
MAX_BYTES_ACCEPTED = 16 * 2**20


@dataclass(frozen=True)
class Acceptance:
    """One accepted run. `manifest` is the SHA-256 of its manifest.json; `by` may be empty."""

    run_id: str
    manifest: str
    accepted: str
    by: str


def accept(
    folder: Path, by: str, now: datetime, tell: Callable[[Acceptance, "Verified"], None] | None = None
) -> Acceptance:
    """Records a finished run as accepted and returns the record.

    Args:
        folder: the run.
        by: who accepts it; may be empty.
        now: when.
        tell: called with the record and the verified run, before the record is written. If it raises, nothing is
            written.

    Returns:
        The record: run id, digest of manifest.json, time and name, as `accepted.jsonl` beside the runs holds them.

    Raises:
        AcceptanceError: the folder is no run, or not what the run wrote.

    Source:
        What later runs say of an accepted one: docs/operations.md.

    Example:
        >>> from datetime import UTC
        >>> accept(Path("runs/latest"), "Ada", datetime.now(UTC)).by
        'Ada'
    """
    from latent_audit.tasks.runs.verify import (
        verify,
    )  # here: drawing takes a second to import, reading notes does not

    try:
        verified = verify(folder)
    except RunUnusable as error:
        raise AcceptanceError(str(error)) from None
    checked = verified.checked
    folder = checked.found.folder
    if not checked.manifest:
        raise AcceptanceError(f"{named(folder)} is no finished run: expected a folder such as runs/latest")
    if verified.problems:
        error_text = "\n  ".join(problem.sentence for problem in verified.problems)
        raise AcceptanceError(
            f"{named(folder.name)} is not what the run wrote, and is not accepted:\n  {error_text}"
        )
    acceptances(folder.parent)  # a line after one that cannot be read would never count
    note = Acceptance(folder.name, checked.manifest_sha256, now.isoformat(timespec="seconds"), by)
    path = folder.parent / ACCEPTED
    line = (json.dumps(asdict(note), sort_keys=True) + "\n").encode("ascii")
    is_new = not path.exists()
    with writing(path), path.open("ab") as file:  # opened first: where it cannot be written, nobody is told
        try:
            if tell is not None:
                tell(note, verified)
            _append(file.fileno(), line)
        except BaseException:
            if is_new:
                path.unlink()
            raise
    return note


def _append(descriptor: int, line: bytes) -> None:
    """Appends a complete line or nothing."""
    size = os.fstat(descriptor).st_size
    try:
        written = os.write(descriptor, line)
        if written != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def acceptances(home: Path) -> list[Acceptance]:
    """Returns the acceptances among the runs in `home` (runs/<name>), in order.

    Raises AcceptanceError if the file is damaged, because guessing could lose accepted runs.
    """
    path = home / ACCEPTED
    try:
        lines = read_plain(path, MAX_BYTES_ACCEPTED).splitlines()
        return [_note(parse(line)) for line in lines if line.strip()]
    except FileNotFoundError:
        return []
    except NotPlain as found:
        reason = f"it is {found}"
    except (NotPlainJson, ValueError) as error:
        reason = str(error)
    raise AcceptanceError(f"{named(path)} cannot be read ({reason}); it has one JSON object a line")


def _note(line: Any) -> Acceptance:
    match line:
        case {"run_id": str(run_id), "manifest": str(manifest), "accepted": str(accepted), "by": str(by)} if (
            len(line) == 4 and run_id not in ("", ".", "..") and not re.search(r"[/\0]", run_id)
        ):
            return Acceptance(run_id, manifest, accepted, by)
    raise ValueError(
        "expected run_id, the name of a folder beside it, manifest, accepted and by, all of them texts"
    )


def last_accepted(home: Path) -> tuple[Acceptance, Audit] | None:
    """Returns the last accepted run that exists unchanged, and its audit; None if there is none."""
    for note in reversed(acceptances(home)):
        audit = _unchanged(home / note.run_id, note.manifest)
        if audit is not None:
            return note, audit
    return None


def _unchanged(folder: Path, manifest_sha256: str) -> Audit | None:
    """Returns the audit of a run if its manifest is the accepted one and matches it; else None."""
    manifest = manifest_bytes(folder)
    if isinstance(manifest, Problem) or hashlib.sha256(manifest).hexdigest() != manifest_sha256:
        return None
    listed, _ = read_manifest(manifest)
    try:
        data = read_plain(folder / AUDIT_NAME, MAX_BYTES[AUDIT_NAME])
        facts = (listed or {}).get(AUDIT_NAME)
        if facts is None or facts.sha256 != hashlib.sha256(data).hexdigest():
            return None
        return parse_audit(data)
    except (OSError, NotPlain, ReportError):
        return None
