"""The folder of a run's results: runs/<name>/<run id>/, complete or absent, and runs/latest, the newest.

A run works in a hidden folder and is renamed into place at its end. One that was interrupted is continued by the
next run of the same settings: same run id, same MLflow runs.
"""

import json
import re
import shutil
import unicodedata
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from latent_audit.tasks.errors import StoreError
from latent_audit.tasks.storage.file_lock import try_lock
from latent_audit.tasks.storage.store import writing

# Beside the folder and not in it: the folder is sealed as it stands.
STATE = ".{run_id}.state.json"
LOCK = ".{run_id}.lock"
RUN_ID = "(?P<run_id>[0-9]{8}-[0-9]{6}-[0-9a-f]{6})"
WORKING = re.compile(rf"\.{RUN_ID}\.unfinished")
# The link to the newest run, and the page that lists all of them.
BESIDE_THE_RUNS = ("latest", "index.html", "index.json")
BESIDE = re.compile(rf"\.{RUN_ID}\.(lock|state\.json|state\.json\.new)")


class RunFolder:
    """The folder of one run, hidden until the run is finished."""

    def __init__(self, output: Path, name: str, run_id: str, lock: TextIO, state: dict[str, Any]) -> None:
        self.run_id = run_id
        self.state = state
        self._output = output
        self.finished = output / safe_folder_name(name) / run_id
        self._lock = lock

    @property
    def working(self) -> Path:
        """The folder in which files are written until the run is complete."""
        return self.finished.with_name(f".{self.run_id}.unfinished")

    def remember(self, **facts: Any) -> None:
        """Stores facts, such as MLflow run ids, for a run that continues this one after an interruption."""
        self.state.update(facts)
        _write_whole(self._beside(STATE), json.dumps(self.state, sort_keys=True))

    def finish(self) -> Path:
        """Moves the run to its final folder, points runs/latest at it, and returns the folder."""
        with writing(self.finished):
            self.working.rename(self.finished)
            _point_latest(self._output, self.finished)
            _clear(self.finished.parent, self.run_id)
        self._lock.close()
        return self.finished

    def _beside(self, name: str) -> Path:
        return self.finished.with_name(name.format(run_id=self.run_id))

    def release(self) -> None:
        """Lets another run continue this one."""
        self._lock.close()


def open_run_folder(output: Path, name: str, settings_digest: str, now: datetime) -> RunFolder:
    """Returns the folder of a new run, or of an interrupted one with the same settings.

    Args:
        output: the folder of all runs.
        name: the run's name; the folder's name is derived from it safely.
        settings_digest: other settings are another run.
        now: the time for a new run's id.
    """
    output = output.absolute()
    home = output / safe_folder_name(name)
    _refuse_foreign_latest(output / "latest")
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        _settle_killed(output, home)
        for folder in sorted(home.iterdir(), reverse=True):
            match = WORKING.fullmatch(folder.name)
            if match is not None:
                continued = _continue(folder, match["run_id"], output, name, settings_digest)
                if continued is not None:
                    return continued
        lock = None
        while lock is None:  # another run may be clearing up in this very moment
            run_id = f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"
            lock = try_lock(home / LOCK.format(run_id=run_id))
        run = RunFolder(output, name, run_id, lock, {})
        run.remember(settings_digest=settings_digest, started=now.isoformat())
        run.working.mkdir()
        return run


def safe_folder_name(name: str) -> str:
    """Returns a folder name that is a single path component, for any name of a run."""
    plain = unicodedata.normalize("NFKC", name)
    # Systems allow 255 bytes, and a letter takes up to four.
    kept = re.sub(r"[^\w\-.]+", "-", plain).strip("-.")[:60].strip("-.") or "run"
    return f"{kept}-run" if kept.casefold() in BESIDE_THE_RUNS else kept


def _continue(folder: Path, run_id: str, output: Path, name: str, settings_digest: str) -> RunFolder | None:
    lock = try_lock(folder.with_name(LOCK.format(run_id=run_id)))
    if lock is None:  # a live run works there
        return None
    try:
        state = json.loads(folder.with_name(STATE.format(run_id=run_id)).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
        _clear(folder.parent, run_id)
        lock.close()
        return None
    if not isinstance(state, dict) or state.get("settings_digest") != settings_digest:
        lock.close()
        return None
    return RunFolder(output, name, run_id, lock, state)


def _point_latest(output: Path, finished: Path) -> None:
    link = output / f".latest-{finished.name}"
    link.unlink(missing_ok=True)
    link.symlink_to(finished.relative_to(output))
    link.replace(output / "latest")


def _refuse_foreign_latest(link: Path) -> None:
    """Raises StoreError at the start of a run whose end could not put its link in place."""
    if link.is_dir() and not link.is_symlink():
        raise StoreError(
            f"{link} is a folder, where the link to the newest run is put: move it away, or give another folder with "
            "--run.output"
        )


def _is_newer(folder: Path, than: Path) -> bool:
    return folder.exists() and folder.stat().st_mtime > than.stat().st_mtime


def _clear(home: Path, run_id: str) -> None:
    """Removes the files beside a running run's folder; its lock last, and only while it is held."""
    for name in (f"{STATE}.new", STATE, LOCK):
        (home / name.format(run_id=run_id)).unlink(missing_ok=True)


def _settle_killed(output: Path, home: Path) -> None:
    """Cleans up after runs that were killed just before their folder was made or just after it was complete."""
    for run_id in {match["run_id"] for path in home.iterdir() if (match := BESIDE.fullmatch(path.name))}:
        working, finished, latest = home / f".{run_id}.unfinished", home / run_id, output / "latest"
        lock = None if working.exists() else try_lock(home / LOCK.format(run_id=run_id))
        if lock is None:
            continue
        with lock:
            if working.exists():  # it was made while we came to the lock
                continue
            if finished.is_dir() and not _is_newer(latest, finished):
                _point_latest(output, finished)
            _clear(home, run_id)


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.new")  # one writer: the run that holds the lock
    with writing(path):
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
