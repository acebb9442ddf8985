"""Writes arrays and JSON to a stage's folder without pickle, and reads arrays as memory maps."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.storage.artifacts import digest_of_file

SUMMARY = "summary.json"


def write_json(path: Path, value: Any) -> None:
    """Writes JSON that is the same for equal values; NaN is refused."""
    path.write_text(
        json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False), encoding="utf-8"
    )


def write_summary(
    folder: Path,
    *,
    metrics: Mapping[str, float | None],
    curves: Mapping[str, Mapping[str, list[float]]] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Writes what MLflow logs of a stage: metrics, curves {"name": {"step": [...], "value": [...]}} and tags.

    Metrics that are None are not logged.
    """
    parts = {"metrics": metrics, "curves": curves, "tags": tags}
    write_json(folder / SUMMARY, {name: part for name, part in parts.items() if part is not None})


def read_json(path: Path) -> Any:
    """Returns the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Writes a .npy file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)


def read_array(path: Path) -> NDArray[Any]:
    """Returns a .npy file as a read-only memory map."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


def reference(
    folder: Path, name: str, array: NDArray[Any], files: Sequence[str] | None = None
) -> dict[str, Any]:
    """Writes an array below `folder`/arrays and returns its reference in audit.json.

    files: the file that each image of the array is from, where images are files.
    """
    path = f"arrays/{name}.npy"
    write_array(folder / path, array)
    found = {"path": path, "sha256": digest_of_file(folder / path)}
    return found if files is None else {**found, "files": list(files)}


def gather(value: Any, source: Path, folder: Path, name: str) -> Any:
    """Returns `value` with every array reference moved from `source` to `folder`/arrays/`name`/, files copied."""
    if isinstance(value, dict):
        if {"path", "sha256"} <= set(value) <= {"path", "sha256", "files"}:
            path = f"arrays/{name}/{Path(value['path']).relative_to('arrays')}"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / value["path"], folder / path)
            return {**value, "path": path}
        return {key: gather(item, source, folder, name) for key, item in value.items()}
    if isinstance(value, list):
        return [gather(item, source, folder, name) for item in value]
    return value
