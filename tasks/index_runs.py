"""Index: the page in the folder of all runs that leads to each of them."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reports.render import REPORT_NAME
from reports.run_index import INDEX_NAME, FinishedRun, index_page
from reports.visible_text import shortened
from tasks.store import writing

# With more, the oldest are left to their folders.
MOST_RUNS = 200
# What was read of each run, beside the page: an audit of a megabyte and more is read once, not every night again.
KNOWN_NAME = "index.json"
FIELDS = {field.name for field in fields(FinishedRun)}


def index_runs(output: Path, language: str) -> Path:
    """Writes `output`/index.html over every finished run below it, newest first, and returns its path."""
    found = sorted(_folders(output), key=lambda folder: folder.name, reverse=True)[:MOST_RUNS]
    known = _json(output / KNOWN_NAME) or {}
    lines = {str(folder.relative_to(output)): _known_or_read(known, folder, output) for folder in found}
    _replace(output / KNOWN_NAME, json.dumps(lines))
    path = output / INDEX_NAME
    _replace(path, index_page([FinishedRun(**line["run"]) for line in lines.values()], language))
    return path


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _folders(output: Path) -> Iterator[Path]:
    for name in output.iterdir():
        if name.is_dir() and not name.is_symlink() and not name.name.startswith("."):
            yield from (
                run
                for run in name.iterdir()
                if not run.name.startswith(".") and (run / REPORT_NAME).is_file()
            )


def _known_or_read(known: Mapping[str, Any], folder: Path, output: Path) -> dict[str, Any]:
    """Returns one run's line with the state of the files that it was read from; a known one, if that is the same."""
    files = (folder / "run.json", folder / "audit.json")
    state = [[file.stat().st_mtime_ns, file.stat().st_size] if file.is_file() else None for file in files]
    match known.get(str(folder.relative_to(output))):
        case {"state": before, "run": {**run}} if before == state and run.keys() == FIELDS:
            return {"state": state, "run": run}
    return {"state": state, "run": asdict(_line(folder, output))}


def _line(folder: Path, output: Path) -> FinishedRun:
    place = (folder / REPORT_NAME).relative_to(output).as_posix()
    facts = _json(folder / "run.json") or {}
    audit = _json(folder / "audit.json")
    return FinishedRun(
        href=quote(place),
        name=shortened(folder.parent.name),
        run_id=folder.name,
        title=shortened(str(audit["subject"]["title"]), 80) if audit else "–",
        started=str(facts.get("started", "–")).replace("T", " "),
        seconds=facts.get("wall_seconds"),
        counts=_counts(audit) if audit else None,
    )


def _counts(audit: dict[str, Any]) -> dict[str, int]:
    """Returns how often each verdict is given on the models that the report shows in full."""
    leads = {(model["name"], model["seed"]) for model in audit["models"] if model["is_lead"]}
    return dict(Counter(row["verdict"] for row in audit["verdicts"] if (row["model"], row["seed"]) in leads))


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None
