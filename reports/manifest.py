"""manifest.json seals a run: path, size and SHA-256 of every file, and an offline check of all of them."""

import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reports.audit_json import AUDIT_NAME, read_audit
from reports.errors import AuditInvalid, ReportError
from reports.render import FIGURES_FOLDER, REPORT_NAME, render

MANIFEST_NAME = "manifest.json"
FORMAT = 1
RENDERED_FROM = (AUDIT_NAME, "run.json", "ledger.jsonl")

Kind = Literal["manifest", "missing", "unlisted", "altered", "schema", "report"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a run folder: what kind, which file, and a sentence for the reader."""

    kind: Kind
    path: str
    sentence: str


def write_manifest(folder: Path) -> str:
    """Writes `folder`/manifest.json over every other file there and returns its own SHA-256."""
    files = [{"path": name, "bytes": len(data), "sha256": _digest(data)} for name, data in _files(folder)]
    text = json.dumps({"format": FORMAT, "files": files}, indent=1, sort_keys=True, ensure_ascii=True) + "\n"
    data = text.encode("ascii")
    (folder / MANIFEST_NAME).write_bytes(data)
    return _digest(data)


def verify(folder: Path) -> list[Problem]:
    """Returns everything wrong with a run folder, empty when nothing is; works offline.

    Files are compared with the manifest, audit.json with its schema, and the report is rendered again
    in a temporary folder and compared byte for byte. The folder itself is not touched.
    """
    listed, problems = _listed(folder)
    if listed is not None:
        problems += _compared(folder, listed)
    problems += _schema(folder)
    unfit = {problem.path for problem in problems if problem.kind in ("missing", "altered", "schema")}
    if not any(path in RENDERED_FROM or path.startswith("arrays/") for path in unfit):
        problems += _rendered_again(folder)
    return problems


def _files(folder: Path) -> list[tuple[str, bytes]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return [(name, named[name].read_bytes()) for name in sorted(named) if name != MANIFEST_NAME]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _listed(folder: Path) -> tuple[dict[str, dict[str, Any]] | None, list[Problem]]:
    """Returns the manifest's rows by path, or None and the reason why they cannot be had."""
    try:
        rows = json.loads((folder / MANIFEST_NAME).read_bytes())["files"]
        return {row["path"]: {"bytes": int(row["bytes"]), "sha256": str(row["sha256"])} for row in rows}, []
    except FileNotFoundError:
        reason = f"{MANIFEST_NAME} is missing: without it no file can be compared with what the run wrote."
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{MANIFEST_NAME} cannot be read as a manifest ({type(error).__name__}: {error})."
    return None, [Problem("manifest", MANIFEST_NAME, reason)]


def _compared(folder: Path, listed: dict[str, dict[str, Any]]) -> list[Problem]:
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


def _schema(folder: Path) -> list[Problem]:
    try:
        read_audit(folder)
    except AuditInvalid as error:
        return [Problem("schema", AUDIT_NAME, sentence) for sentence in error.sentences]
    except ReportError as error:
        return [Problem("schema", AUDIT_NAME, str(error))]
    return []


def _rendered_again(folder: Path) -> list[Problem]:
    """Compares report and figures with what the audit renders to now."""
    report = folder / REPORT_NAME
    if not report.is_file():
        return []  # already said as missing
    language = re.search(rb'<html lang="([A-Za-z-]+)"', report.read_bytes()[:2000])
    with tempfile.TemporaryDirectory() as place:
        again = Path(place)
        for name in RENDERED_FROM:
            shutil.copyfile(folder / name, again / name)
        (again / "arrays").symlink_to((folder / "arrays").resolve())
        try:
            render(again, language.group(1).decode("ascii") if language else "en")
        except ReportError as error:
            return [Problem("report", REPORT_NAME, f"{REPORT_NAME} could not be rendered again: {error}")]
        names = [
            REPORT_NAME,
            *(f"{FIGURES_FOLDER}/{path.name}" for path in sorted((again / FIGURES_FOLDER).iterdir())),
        ]
        different = [name for name in names if not _same(folder / name, again / name)]
    return [
        Problem(
            "report",
            name,
            f"{name} is not what {AUDIT_NAME} renders to: it was edited, or made by another "
            "version of this program or of its drawing libraries.",
        )
        for name in different
    ]


def _same(first: Path, second: Path) -> bool:
    return first.is_file() and first.read_bytes() == second.read_bytes()
