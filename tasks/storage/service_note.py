"""Reads the record of a service, which is not trusted: other programs may have written it."""

from pathlib import Path
from typing import Any

from latent_audit.reports.errors import NotPlainJson
from latent_audit.reports.record.run_files import NotPlain, read_plain
from latent_audit.reports.record.strict_json import parse

MAX_NOTE_BYTES = 2**16


def read_note(path: Path) -> Any:
    """Returns the JSON value of a record; None if it is missing or cannot be read."""
    try:
        return parse(read_plain(path, MAX_NOTE_BYTES))
    except (FileNotFoundError, NotPlain, NotPlainJson):
        return None
