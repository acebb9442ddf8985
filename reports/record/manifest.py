"""manifest.json seals a run: path, size and SHA-256 of every file, written last."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latent_audit.reports.errors import NotPlainJson, RunIncomplete
from latent_audit.reports.record.problem import Problem
from latent_audit.reports.record.run_files import (
    MANIFEST_NAME,
    MAX_BYTES,
    SIGNATURE_NAME,
    FileFacts,
    NotPlain,
    RunFiles,
    read_plain,
    read_run_files,
)
from latent_audit.reports.record.strict_json import parse

FORMAT = 1
# No file of a run comes near it, and hashing a file that pretends to be larger would take hours.
MAX_FILE_BYTES = 16 * 2**30
DIGEST = re.compile("[0-9a-f]{64}")


def write_manifest(folder: Path) -> str:
    """Writes `folder`/manifest.json over every other file there and returns its own SHA-256.

    Raises:
        RunIncomplete: something in the folder is no plain file, which no manifest can list.
    """
    found = read_run_files(folder)
    if found.refused:
        name, what = next(iter(found.refused.items()))
        raise RunIncomplete(f"{folder / name} is {what}; a run has plain files only")
    data = _written({"format": FORMAT, "files": _rows(_sealed(found))})
    (folder / MANIFEST_NAME).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def manifest_bytes(folder: Path) -> bytes | Problem:
    """Returns the content of `folder`/manifest.json, or why there is none."""
    try:
        return read_plain(folder / MANIFEST_NAME, MAX_BYTES[MANIFEST_NAME])
    except FileNotFoundError:
        reason = f"{MANIFEST_NAME} is missing: without it no file can be compared with what the run wrote."
    except NotPlain as found:
        reason = f"{MANIFEST_NAME} is {found}, where a plain file should be."
    return Problem("manifest", MANIFEST_NAME, reason)


def read_manifest(data: bytes) -> tuple[dict[str, FileFacts] | None, list[Problem]]:
    """Returns what a manifest lists, by path, and what is wrong with it; None where it cannot be read."""
    try:
        manifest = parse(data)
        listed = _listed(manifest)
    except (NotPlainJson, ValueError) as error:
        reason = f"{MANIFEST_NAME} cannot be read as a manifest: {error}."
        return None, [Problem("manifest", MANIFEST_NAME, reason)]
    if data == _written({"format": FORMAT, "files": _rows(listed)}):
        return listed, []
    reason = f"{MANIFEST_NAME} is not in the form that a run writes: it was edited by other means."
    return listed, [Problem("manifest", MANIFEST_NAME, reason)]


def compared(found: RunFiles, listed: Mapping[str, FileFacts]) -> list[Problem]:
    """Returns every file of a run that is missing, altered or not listed, and everything that is no plain file."""
    problems = []
    present = _sealed(found)
    for name, row in sorted(listed.items()):
        if name in found.refused:
            message = (
                f"{name} was altered: it is {found.refused[name]}, and was a plain file when it was sealed."
            )
            problems.append(Problem("altered", name, message))
        elif name not in present:
            message = f"{name} is listed in {MANIFEST_NAME} but is not there."
            problems.append(Problem("missing", name, message))
        elif present[name].bytes != row.bytes:
            message = f"{name} was altered: it has {present[name].bytes} bytes, and had {row.bytes} when it was sealed."
            problems.append(Problem("altered", name, message))
        elif present[name].sha256 != row.sha256:
            message = f"{name} was altered: its SHA-256 is not the one in {MANIFEST_NAME}."
            problems.append(Problem("altered", name, message))
    for name in sorted(present.keys() - listed.keys()):
        message = f"{name} is not listed in {MANIFEST_NAME}: it was added after the run was sealed."
        problems.append(Problem("unlisted", name, message))
    for name, what in found.refused.items():
        if name not in listed and name != SIGNATURE_NAME:
            message = (
                f"{name} is {what}, and not listed in {MANIFEST_NAME}: it was added after the run was sealed."
            )
            problems.append(Problem("unlisted", name, message))
    return problems


def _sealed(found: RunFiles) -> dict[str, FileFacts]:
    """Returns every file that a manifest lists: its signature comes after it."""
    return {name: facts for name, facts in found.files.items() if name != SIGNATURE_NAME}


def _listed(manifest: Any) -> dict[str, FileFacts]:
    """Returns a manifest's rows. Raises ValueError, with the reason, for what is no manifest."""
    if not isinstance(manifest, dict) or manifest.keys() != {"format", "files"}:
        raise ValueError('expected an object with "format" and "files" alone')
    if manifest["format"] != FORMAT or not isinstance(manifest["files"], list):
        raise ValueError(f"expected format {FORMAT} and a list of files")
    listed: dict[str, FileFacts] = {}
    for row in manifest["files"]:
        match row:
            case {"path": str(path), "bytes": int(size), "sha256": str(digest)} if (
                len(row) == 3
                and type(size) is int
                and 0 <= size <= MAX_FILE_BYTES
                and DIGEST.fullmatch(digest)
            ):
                if path in listed:
                    raise ValueError(f"it lists {json.dumps(path)} more than once")
                listed[path] = FileFacts(size, digest)
            case _:
                shown = json.dumps(row)
                raise ValueError(
                    f"expected path, bytes (0 to {MAX_FILE_BYTES}) and sha256 (64 hexadecimal digits) of each file, "
                    f"got {shown if len(shown) < 200 else shown[:197] + '...'}"
                )
    return listed


def _rows(files: Mapping[str, FileFacts]) -> list[dict[str, Any]]:
    return [
        {"path": name, "bytes": facts.bytes, "sha256": facts.sha256} for name, facts in sorted(files.items())
    ]


def _written(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")
