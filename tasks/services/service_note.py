"""Reads the note that a service of ours leaves of itself. Whoever can write the store can put anything in its place."""

from pathlib import Path
from typing import Any

from latent_audit.reports.errors import NotPlainJson
from latent_audit.reports.record.run_files import NotPlain, read_plain
from latent_audit.reports.record.strict_json import parse

MAX_NOTE_BYTES = 2**16


def read_note(path: Path) -> Any:
    """Returns the JSON value in a note; None where there is no note, or one that cannot be read."""
    try:
        return parse(read_plain(path, MAX_NOTE_BYTES))
    except (FileNotFoundError, NotPlain, NotPlainJson):
        return None
