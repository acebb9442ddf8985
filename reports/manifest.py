"""manifest.json seals a run: path, size and SHA-256 of every file, written last."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.problem import Problem
from reports.signature import SIGNATURE_NAME

MANIFEST_NAME = "manifest.json"
FORMAT = 1


def write_manifest(folder: Path) -> str:
    """Writes `folder`/manifest.json over every other file there and returns its own SHA-256."""
    files = [{"path": name, "bytes": len(data), "sha256": _digest(data)} for name, data in _files(folder)]
    data = _written({"format": FORMAT, "files": files})
    (folder / MANIFEST_NAME).write_bytes(data)
    return _digest(data)


def read_manifest(folder: Path) -> tuple[dict[str, dict[str, Any]] | None, list[Problem]]:
    """Returns the manifest's rows by path, or None and the reason why they cannot be had."""
    try:
        data = (folder / MANIFEST_NAME).read_bytes()
        manifest = json.loads(data)
        rows = {
            row["path"]: {"bytes": int(row["bytes"]), "sha256": str(row["sha256"])}
            for row in manifest["files"]
        }
    except FileNotFoundError:
        reason = f"{MANIFEST_NAME} is missing: without it no file can be compared with what the run wrote."
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{MANIFEST_NAME} cannot be read as a manifest ({type(error).__name__}: {error})."
    else:
        if manifest.get("format") == FORMAT and data == _written(manifest):
            return rows, []
        reason = f"{MANIFEST_NAME} is not in the form that a run writes: it was edited by other means."
        return rows, [Problem("manifest", MANIFEST_NAME, reason)]
    return None, [Problem("manifest", MANIFEST_NAME, reason)]


def compared(folder: Path, listed: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
    """Returns every file of a run that is missing, altered or not listed."""
    problems = []
    present = dict(_files(folder))
    for name, row in sorted(listed.items()):
        if name not in present:
            problems.append(
                Problem("missing", name, f"{name} is listed in {MANIFEST_NAME} but is not there.")
            )
        elif len(present[name]) != row["bytes"]:
            told = f"{name} was altered: it has {len(present[name])} bytes, and had {row['bytes']} when it was sealed."
            problems.append(Problem("altered", name, told))
        elif _digest(present[name]) != row["sha256"]:
            told = f"{name} was altered: its SHA-256 is not the one in {MANIFEST_NAME}."
            problems.append(Problem("altered", name, told))
    for name in sorted(present.keys() - listed.keys()):
        told = f"{name} is not listed in {MANIFEST_NAME}: it was added after the run was sealed."
        problems.append(Problem("unlisted", name, told))
    return problems


def _files(folder: Path) -> list[tuple[str, bytes]]:
    """Returns every sealed file by its path; the seal and its signature come after all others."""
    found = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return [
        (name, named[name].read_bytes())
        for name in sorted(named)
        if name not in (MANIFEST_NAME, SIGNATURE_NAME)
    ]


def _written(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
