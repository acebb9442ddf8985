"""What can be checked of a run folder offline without judging anew: seal, signature, schema, rendering."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reports.audit_json import AUDIT_NAME, read_audit
from reports.errors import AuditInvalid, ReportError, SignatureWrong
from reports.manifest import MANIFEST_NAME, compared, read_manifest
from reports.problem import Problem
from reports.render import REPORT_NAME
from reports.rerendering import differing
from reports.signature import SIGNATURE_NAME, fingerprint, signer_of


@dataclass(frozen=True)
class Checked:
    """What was found: problems, empty when there are none; how many files are sealed; the manifest's SHA-256
    and the signer's fingerprint, "" where there is none; and the audit, None where it cannot be read.
    """

    problems: tuple[Problem, ...]
    files: int
    manifest_sha256: str
    signer: str
    audit: dict[str, Any] | None


def check(folder: Path, manifest_sha256: str = "", signer: Ed25519PublicKey | None = None) -> Checked:
    """Checks a run folder, which is not touched.

    Files are compared with manifest.json; manifest.json with the digest and the signer's key that were handed
    over by another way, if they are given; audit.json with its schema. Where all of these hold, the report is
    rendered again and compared byte for byte: of a run that is known to be altered it would say nothing more.
    """
    listed, problems = read_manifest(folder)
    digest, digest_problems = _digest(folder, manifest_sha256)
    signed_by, signature_problems = _signer(folder, signer)
    problems += digest_problems + signature_problems
    if listed is not None:
        problems += compared(folder, listed)
    audit, schema_problems = _audit(folder)
    problems += schema_problems
    if not any(problem.path == AUDIT_NAME for problem in problems):
        problems += _stated_audit(folder)
    if not problems:
        problems += _rendered(folder)
    return Checked(tuple(problems), len(listed or ()), digest, signed_by, audit)


def _digest(folder: Path, expected: str) -> tuple[str, list[Problem]]:
    path = folder / MANIFEST_NAME
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    if not expected or digest == expected.lower():
        return digest, []
    told = f"{MANIFEST_NAME} has the SHA-256 {digest or 'of nothing'}, not the {expected} that was given."
    return digest, [Problem("manifest", MANIFEST_NAME, told)]


def _signer(folder: Path, expected: Ed25519PublicKey | None) -> tuple[str, list[Problem]]:
    record, manifest = folder / SIGNATURE_NAME, folder / MANIFEST_NAME
    if not record.is_file() or not manifest.is_file():
        if expected is None and not record.is_file():
            return "", []
        told = f"there is no {SIGNATURE_NAME if not record.is_file() else MANIFEST_NAME}: nobody vouched for this run."
        return "", [Problem("signature", SIGNATURE_NAME, told)]
    try:
        key = signer_of(manifest.read_bytes(), record.read_bytes())
    except SignatureWrong as error:
        return "", [Problem("signature", SIGNATURE_NAME, str(error))]
    found = fingerprint(key)
    if expected is None or fingerprint(expected) == found:
        return found, []
    told = f"{SIGNATURE_NAME} is by {found}, not by the key that was given, {fingerprint(expected)}."
    return found, [Problem("signature", SIGNATURE_NAME, told)]


def _audit(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    try:
        return read_audit(folder), []
    except AuditInvalid as error:
        return None, [Problem("schema", AUDIT_NAME, sentence) for sentence in error.sentences]
    except ReportError as error:
        return None, [Problem("schema", AUDIT_NAME, str(error))]


def _stated_audit(folder: Path) -> list[Problem]:
    """Tells a report of another run by the digest that it states."""
    report, audit = folder / REPORT_NAME, folder / AUDIT_NAME
    if not report.is_file() or not audit.is_file():
        return []
    stated = re.search(rb'<p class="digest">.*?<code>([0-9a-f]{64})</code>', report.read_bytes())
    if stated and stated[1].decode() == hashlib.sha256(audit.read_bytes()).hexdigest():
        return []
    told = (
        f"{REPORT_NAME} is not the report of this {AUDIT_NAME}: it states the digest of another one, or none."
    )
    return [Problem("report", REPORT_NAME, told)]


def _rendered(folder: Path) -> list[Problem]:
    try:
        names = differing(folder)
    except (ReportError, OSError) as error:
        return [Problem("report", REPORT_NAME, f"{REPORT_NAME} could not be rendered again: {error}")]
    return [
        Problem(
            "report",
            name,
            f"{name} is not what {AUDIT_NAME} renders to: it was edited, or made by another "
            "version of this program or of its drawing libraries.",
        )
        for name in names
    ]
