"""What a killed or finished audit left: files that are half-written, files too many, gaps in MLflow, processes."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from latent_audit.tasks.storage.artifacts import digest_of_file

# An environment variable whose value tells the processes of one audit from all others.
CHAOS_HOME = "CHAOS_HOME"


def half_written(home: Path) -> list[str]:
    """Returns what is wrong with whatever looks finished: artifacts, runs, and the link to the newest run."""
    faults: list[str] = []
    for folder in _visible(home, "artifacts/*/*"):
        if len(folder.name) == 32:  # a content key
            faults += _differences(folder, "artifact")
    for folder in _visible(home, "runs/*/*"):
        faults += _differences(folder, "run")
    latest = home / "runs" / "latest"
    if latest.is_symlink() and not (latest / "report.html").is_file():
        faults.append("runs/latest leads nowhere")
    return faults


def left_over(home: Path) -> list[str]:
    """Returns what a finished audit should have cleared away."""
    hidden = [*home.glob("artifacts/*/.*"), *home.glob("runs/.*"), *home.glob("runs/*/.*")]
    faults = [f"left over: {path.relative_to(home)}" for path in hidden]
    return faults if (home / "runs" / "latest").is_dir() else [*faults, "there is no runs/latest"]


def wrong_in_mlflow(home: Path) -> list[str]:
    """Returns what MLflow has too much or too little of each finished audit: runs, and points of their curves."""
    tags, points, states = _mlflow(home)
    faults: list[str] = []
    for folder in _visible(home, "runs/*/*"):
        own = [run for run, found in tags.items() if found["run_id"] == folder.name]
        children = {(tags[run]["model"], int(tags[run]["seed"])): run for run in own if "model" in tags[run]}
        if len(own) != len(children) + 1:
            faults.append(f"{folder.name} has runs twice in MLflow")
        faults += [f"{folder.name}: a run is {states[run]}" for run in own if states[run] != "FINISHED"]
        faults += _curves(home, folder, children, points)
    return faults


def unended_in_mlflow(home: Path) -> list[str]:
    """Returns the audits that MLflow knows and that have no finished folder."""
    finished = {folder.name for folder in _visible(home, "runs/*/*")}
    known = {found["run_id"] for found in _mlflow(home)[0].values()}
    return [f"MLflow knows a run that never ended: {run_id}" for run_id in sorted(known - finished)]


def _mlflow(home: Path) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, list[int]]], dict[str, str]]:
    """Returns each run's tags, the steps of each of its metrics, and its status."""
    tags: dict[str, dict[str, str]] = {}
    points: dict[str, dict[str, list[int]]] = {}
    path = home / "artifacts" / "mlflow" / "mlflow.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for run, key, value in database.execute("select run_uuid, key, value from tags"):
            tags.setdefault(run, {})[key] = value
        for run, key, step in database.execute("select run_uuid, key, step from metrics order by step"):
            points.setdefault(run, {}).setdefault(key, []).append(step)
        states = dict(database.execute("select run_uuid, status from runs").fetchall())
    return tags, points, states


def processes_of(home: str) -> list[str]:
    """Returns the commands of all processes that were started for the audit in this folder."""
    word = f"{CHAOS_HOME}={home}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if word in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended, or is another user's
            continue
    return [command for command in found if command]  # a zombie has none


def _curves(
    home: Path, folder: Path, children: dict[tuple[str, int], str], points: dict[str, dict[str, list[int]]]
) -> Iterator[str]:
    for line in (folder / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["stage"] != "train":
            continue
        run = children.get((entry["model"], entry["seed"]))
        if run is None:
            yield f"{folder.name}: {entry['model']} seed {entry['seed']} has no MLflow run"
            continue
        training = json.loads((home / "artifacts/train" / entry["key"] / "training.json").read_text())
        for name, curve in training["curves"].items():
            if points[run].get(f"training.{name}") != curve["step"]:
                yield f"{folder.name}: {entry['model']} seed {entry['seed']}: its curve {name} has gaps or doubles"


def _differences(folder: Path, kind: str) -> Iterator[str]:
    """Compares a sealed folder with its manifest.json: of an artifact by name, of a run as a list."""
    try:
        files = json.loads((folder / "manifest.json").read_text())["files"]
    except (OSError, ValueError):
        yield f"{kind} {folder.name} has no manifest"
        return
    digests = (
        {name: facts["sha256"] for name, facts in files.items()}
        if isinstance(files, dict)
        else {row["path"]: row["sha256"] for row in files}
    )
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {
        "manifest.json"
    }
    if present != digests.keys():
        yield f"{kind} {folder.name} has other files than its manifest"
    for name in present & digests.keys():
        if digest_of_file(folder / name) != digests[name]:
            yield f"{kind} {folder.name}: {name} is not what was written"


def _visible(home: Path, pattern: str) -> list[Path]:
    found = (path for path in home.glob(pattern) if path.is_dir() and not path.parent.is_symlink())
    return sorted(path for path in found if not path.name.startswith("."))
