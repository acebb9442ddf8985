"""What may be cleared away: old runs that nobody accepted, and stages that no kept run rests on.

Finished stages can be computed again, runs cannot; so a run goes only when it is old, not among the newest of its
name, not accepted and not runs/latest. MLflow's runs are left alone.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tasks.acceptance import acceptances
from tasks.errors import StoreError
from tasks.file_lock import try_lock
from tasks.shared_store import MANIFEST
from tasks.store import writing

LEDGER = "ledger.jsonl"
SEAL = "manifest.json"


@dataclass(frozen=True)
class Keep:
    """What is kept whatever it is: the newest runs of each name, and whatever is younger than `days`."""

    newest_runs: int
    days: float


@dataclass(frozen=True)
class Removal:
    """A folder that may go, what it is (run or stage), and its bytes."""

    path: Path
    kind: str
    size: int


def plan(store: Path, output: Path, keep: Keep, now: datetime) -> list[Removal]:
    """Returns everything that may go, runs first. Nothing is touched."""
    before = (now - timedelta(days=keep.days)).timestamp()
    runs = list(_runs(output, keep, before))
    kept = _rested_on(output, {run.path for run in runs})
    return [*runs, *_stages(store, kept, before)]


def remove(removals: list[Removal]) -> list[Removal]:
    """Removes what was planned and returns what went; a stage that a live run holds stays."""
    return [removal for removal in removals if _removed(removal)]


def _removed(removal: Removal) -> bool:
    path = removal.path
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
    """Out of sight first, by rename, so that a half-removed folder is never taken for a whole one."""
    hidden = path.with_name(f".removing-{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden)


def _runs(output: Path, keep: Keep, before: float) -> Iterator[Removal]:
    latest = (output / "latest").resolve()
    for home in sorted(path for path in output.glob("*") if path.is_dir() and not path.is_symlink()):
        accepted = {note.run_id for note in acceptances(home)}
        finished = sorted(path for path in home.glob("*") if (path / SEAL).is_file())
        for run in finished[: -keep.newest_runs] if keep.newest_runs else finished:
            if run.name not in accepted and run != latest and run.stat().st_mtime < before:
                yield Removal(run, "run", _size(run))


def _rested_on(output: Path, going: set[Path]) -> set[tuple[str, str]]:
    """Returns stage and key of everything in the ledgers of runs that stay."""
    kept = set()
    for ledger in output.glob(f"*/*/{LEDGER}"):
        if ledger.parent not in going:
            try:
                entries = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
                kept |= {(entry["stage"], entry["key"]) for entry in entries}
            except (ValueError, KeyError) as error:
                raise StoreError(
                    f"{ledger} cannot be read ({error}), so what this run rests on is not known: repair it or "
                    "remove its run; nothing was cleared away"
                ) from error
    return kept


def _stages(store: Path, kept: set[tuple[str, str]], before: float) -> Iterator[Removal]:
    for manifest in sorted(store.glob(f"*/*/{MANIFEST}")):
        folder = manifest.parent
        stage = (folder.parent.name, folder.name)
        # An unfinished run has no ledger yet; what it rests on is younger than `days`, or computed again.
        if not folder.name.startswith(".") and stage not in kept and manifest.stat().st_mtime < before:
            yield Removal(folder, "stage", _size(folder))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
