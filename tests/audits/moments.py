"""Which stage of a run is at work, told from the files that it opens. Imports nothing that looks at the environment."""

import os
from pathlib import Path
from typing import Any

# Moments of a run that are no stage, by what is opened, renamed or linked then.
OPENING, SEALING, PLACING = "(opening)", "(sealing)", "(placing)"


def moment_of(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Returns the stage or moment that an audit event belongs to, None for any other event."""
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int) or not flags & (os.O_WRONLY | os.O_RDWR):
            return None
        path = Path(os.fsdecode(path))
        inside = next((part for part in path.parents if part.name.startswith(".building-")), None)
        if inside is not None:
            return inside.parent.name
        if path.name.endswith(".state.json.new"):
            return OPENING
        return SEALING if path.name == "manifest.json" and path.parent.suffix == ".unfinished" else None
    return PLACING if event == "os.symlink" and Path(arguments[1]).name.startswith(".latest-") else None
