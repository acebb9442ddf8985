"""Removes old runs that were not accepted, and stages that no remaining run uses.

Finished stages can be computed again, runs cannot; so a run goes only when it is old, not among the newest of its
name, not accepted and not runs/latest. MLflow's runs are left alone.

Only what this program wrote is ever removed: folders of the names, and with the manifest, that it gives to runs and to
stages. Links are left alone, wherever they lead.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from latent_audit.reports.record.manifest import FORMAT
from latent_audit.reports.record.run_files import MANIFEST_NAME, MAX_BYTES, NotPlain, read_plain
from latent_audit.tasks.errors import StoreError
from latent_audit.tasks.runs.acceptance import acceptances
from latent_audit.tasks.runs.run_folder import RUN_ID
from latent_audit.tasks.stages.registry import STAGES
from latent_audit.tasks.storage.file_lock import try_lock
from latent_audit.tasks.storage.shared_store import MANIFEST
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named

LEDGER = "ledger.jsonl"
SECONDS_PER_DAY = 86_400.0
KEY = re.compile(r"[0-9a-f]{32}")
# Anything larger is no manifest: a stage has tens of files.
LARGEST_MANIFEST_BYTES = 64 << 20


@dataclass(frozen=True)
class Keep:
    """What is always kept: the newest runs of each name, and everything younger than `days`."""

    newest_runs: int
    days: float


@dataclass(frozen=True)
class Removal:
    """A folder to remove, its kind (run or stage), and its size in bytes."""

    path: Path
    kind: str
    size: int


def plan(store: Path, output: Path, keep: Keep, now: datetime) -> list[Removal]:
    """Returns everything to remove, runs first. Removes nothing."""
    before = now.timestamp() - keep.days * SECONDS_PER_DAY
    runs = list(_runs(output, keep, before))
    kept = _rested_on(output, {run.path for run in runs})
    return [*runs, *_stages(store, kept, before)]


def remove(removals: list[Removal]) -> list[Removal]:
    """Removes what was planned and returns what was removed; keeps stages locked by a running audit."""
    return [removal for removal in removals if _removed(removal)]


def _removed(removal: Removal) -> bool:
    path = removal.path
    if not (_is_run(path) if removal.kind == "run" else _is_stage(path)):
        return False  # it was replaced since it was planned
    with writing(path):
        if removal.kind == "run":
            _remove_whole(path)
            return True
        lock = try_lock(path.with_name(f".lock-{path.name}"))
        if lock is None:
            return False
        with lock:
            _remove_whole(path)
            path.with_name(f".lock-{path.name}").unlink(missing_ok=True)
        return True


def _remove_whole(path: Path) -> None:
    """Renames a folder before removing it, so that a partly removed one is never used."""
    hidden = path.with_name(f".removing-{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden)


def _runs(output: Path, keep: Keep, before: float) -> Iterator[Removal]:
    latest = Path(os.path.realpath(output / "latest"))  # which may be a link to itself
    for home in _folders(output):
        finished = [path for path in _folders(home) if _is_run(path)]
        if not finished:  # another program's accepted.jsonl is none of ours
            continue
        accepted = {note.run_id for note in acceptances(home)}
        for run in finished[: -keep.newest_runs] if keep.newest_runs else finished:
            if run.name not in accepted and run.resolve() != latest and run.stat().st_mtime < before:
                yield Removal(run, "run", _size(run))


def _rested_on(output: Path, going: set[Path]) -> set[tuple[str, str]]:
    """Returns stage and key of every entry in the ledgers of the remaining runs."""
    kept = set()
    for run in (path for home in _folders(output) for path in _folders(home)):
        ledger = run / LEDGER
        if run in going or not re.fullmatch(RUN_ID, run.name):
            continue
        try:
            content = read_plain(Path(os.path.realpath(ledger)), MAX_BYTES[LEDGER])
            entries = [json.loads(line) for line in content.splitlines()]
            kept |= {(entry["stage"], entry["key"]) for entry in entries}
        except FileNotFoundError:
            continue
        except (NotPlain, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise StoreError(
                f"{named(ledger)} cannot be read ({error}), so what this run rests on is not known: repair it or "
                "remove its run; nothing was cleared away"
            ) from error
    return kept


def _stages(store: Path, kept: set[tuple[str, str]], before: float) -> Iterator[Removal]:
    known = {stage.name for stage in STAGES}
    for home in (path for path in _folders(store) if path.name in known):
        for folder in _folders(home):
            # An unfinished run has no ledger yet; what it rests on is younger than `days`, or computed again.
            rested_on = (home.name, folder.name) in kept
            if not rested_on and _is_stage(folder) and (folder / MANIFEST).stat().st_mtime < before:
                yield Removal(folder, "stage", _size(folder))


def _folders(parent: Path) -> list[Path]:
    """Returns the folders in one, in order of their names, without links."""
    found = parent.iterdir() if parent.is_dir() else ()
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _is_run(folder: Path) -> bool:
    """Whether a folder is a finished run of ours, by its name, its ledger and its manifest."""
    manifest = _manifest(folder / MANIFEST_NAME)
    named = re.fullmatch(RUN_ID, folder.name) is not None and not folder.is_symlink()
    files = manifest.get("files")
    sealed = isinstance(files, list) and any(
        isinstance(row, dict) and row.get("path") == LEDGER for row in files
    )
    ledger = folder / LEDGER
    its_own = ledger.is_file() and not ledger.is_symlink()
    return named and its_own and sealed and manifest.get("format") == FORMAT


def _is_stage(folder: Path) -> bool:
    """Whether a folder is a finished stage of ours, by its name and its manifest, which states both."""
    manifest = _manifest(folder / MANIFEST)
    named = KEY.fullmatch(folder.name) is not None and not folder.is_symlink()
    return named and (manifest.get("stage"), manifest.get("key")) == (folder.parent.name, folder.name)


def _manifest(file: Path) -> dict[str, Any]:
    """Returns the content of a manifest; empty if it is invalid."""
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > LARGEST_MANIFEST_BYTES:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
