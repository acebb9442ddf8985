"""Index: the page in the folder of all runs that leads to each of them."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reports.render import REPORT_NAME
from reports.run_index import INDEX_NAME, FinishedRun, index_page
from reports.visible_text import shortened
from tasks.store import writing

# Each is read whole; with more, the oldest are left to their folders.
MOST_RUNS = 200


def index_runs(output: Path, language: str) -> Path:
    """Writes `output`/index.html over every finished run below it, newest first, and returns its path."""
    found = sorted(_folders(output), key=lambda folder: folder.name, reverse=True)[:MOST_RUNS]
    html = index_page([_line(folder, output) for folder in found], language)
    path = output / INDEX_NAME
    temporary = path.with_name(f".{INDEX_NAME}.{os.getpid()}")
    with writing(path):
        temporary.write_text(html, encoding="utf-8")
        temporary.replace(path)
    return path


def _folders(output: Path) -> Iterator[Path]:
    for name in output.iterdir():
        if name.is_dir() and not name.is_symlink() and not name.name.startswith("."):
            yield from (
                run
                for run in name.iterdir()
                if not run.name.startswith(".") and (run / REPORT_NAME).is_file()
            )


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


def _counts(audit: dict[str, Any]) -> Counter[str]:
    """Returns how often each verdict is given on the models that the report shows in full."""
    leads = {(model["name"], model["seed"]) for model in audit["models"] if model["is_lead"]}
    return Counter(row["verdict"] for row in audit["verdicts"] if (row["model"], row["seed"]) in leads)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None
