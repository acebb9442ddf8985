"""What can be checked of a run folder offline without judging anew: seal, signature, schema, report."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from latent_audit.reports.errors import AuditInvalid, NotPlainJson, ReportError, RunIncomplete, SignatureWrong
from latent_audit.reports.page.render import REPORT_NAME
from latent_audit.reports.record.audit_json import AUDIT_NAME, parse_audit
from latent_audit.reports.record.drawn_words import page_faults
from latent_audit.reports.record.manifest import compared, manifest_bytes, read_manifest
from latent_audit.reports.record.problem import Problem
from latent_audit.reports.record.rerendering import differing
from latent_audit.reports.record.run_facts import LEDGER_NAME, RUN_NAME, parse_ledger, parse_run, written_by
from latent_audit.reports.record.run_files import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    RunFiles,
    read_known_files,
    read_run_files,
)
from latent_audit.reports.record.signature import fingerprint, signer_of
from latent_audit.vocabulary.machine_errors import raise_machine_error
from latent_audit.vocabulary.record.audit import Audit

# Without these nothing can be checked: a manifest that does not list them does not seal a run.
NEEDED = (AUDIT_NAME, REPORT_NAME, RUN_NAME, LEDGER_NAME)
# The first version, major and minor, that writes another schema than 1.0. That a run was written by an older version
# must not be a way round the rules of the newer ones.
FIRST_AFTER_SCHEMA_1_0 = (0, 2)
VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.\d{1,4}(\.?(dev|a|b|rc)\d{1,4})?")


@dataclass(frozen=True)
class Checked:
    """What was found, all of it from one reading of the folder.

    Args:
        problems: everything wrong, empty when nothing is.
        found: the run's files.
        listed: how many files the manifest seals.
        manifest: the bytes of manifest.json, b"" where it cannot be read.
        signer: the fingerprint of the key that signed the run, "" where none did.
        audit: None where it cannot be read.
        run: the facts in run.json, None where they cannot be read.
        writer: the version that wrote the run, where that is another one than this; else "".
    """

    problems: tuple[Problem, ...]
    found: RunFiles
    listed: int
    manifest: bytes
    signer: str
    audit: Audit | None
    run: dict[str, Any] | None
    writer: str

    @property
    def manifest_sha256(self) -> str:
        """The SHA-256 of manifest.json, "" where there is none."""
        return hashlib.sha256(self.manifest).hexdigest() if self.manifest else ""


def check(
    folder: Path, version: str, manifest_sha256: str | None = None, signer: Ed25519PublicKey | None = None
) -> Checked:
    """Checks a run folder, which is not touched. The report is checked by `check_report`, after the verdicts.

    Files are compared with manifest.json; manifest.json with the digest and the signer's key that were handed
    over by another way, if they are given; audit.json with its schema.

    Args:
        folder: of a finished run.
        version: of this program.
        manifest_sha256: the digest that was handed over, or None.
        signer: the key that was handed over, or None.
    """
    manifest = manifest_bytes(folder)
    if isinstance(manifest, Problem):
        data, listed, problems = b"", None, [manifest]
    else:
        data = manifest
        listed, problems = read_manifest(data)
    # Without a manifest nothing can be compared, and the folder may be that of a whole disk.
    sizes = None if listed is None else {name: facts.bytes for name, facts in listed.items()}
    found = read_known_files(folder) if sizes is None else read_run_files(folder, sizes)
    problems += _digest(data, manifest_sha256)
    signed_by, signature_problems = _signer(found, data, signer)
    problems += signature_problems
    if listed is not None:
        problems += compared(found, listed) + _needed(found, listed)
    audit, run, content_problems = _contents(found)
    # What is said of an altered file by its digest is not said again by its content, but for the audit, the record.
    flagged = {problem.path for problem in problems} - {AUDIT_NAME}
    problems += [problem for problem in content_problems if problem.path not in flagged]
    writer, writer_problems = _writer(audit, run, version)
    if not any(problem.path == AUDIT_NAME for problem in problems):
        problems += _stated_audit(found)
    return Checked(
        (*problems, *writer_problems), found, len(listed or ()), data, signed_by, audit, run, writer
    )


def check_report(checked: Checked) -> list[Problem]:
    """Returns what is wrong with the report of a run in which nothing else is.

    A run of this version is rendered again and compared byte for byte. Of a run that another version wrote, the
    verdict words on the page are compared, and no more.
    """
    assert checked.audit is not None
    try:
        if checked.writer:
            faults = page_faults(checked.found.contents[REPORT_NAME], checked.audit)
            return [
                Problem("report", REPORT_NAME, f"{REPORT_NAME} does not show the verdicts: {fault}.")
                for fault in faults
            ]
        names = differing(checked.found, checked.audit)
    except (ReportError, OSError) as error:
        raise_machine_error(error)
        return [Problem("report", REPORT_NAME, f"{REPORT_NAME} could not be rendered again: {error}")]
    except Exception as error:  # numbers and names of a stranger's can fail in as many ways as plots have
        raise_machine_error(error)
        message = (
            f"{REPORT_NAME} could not be rendered again from {AUDIT_NAME}, arrays/, {RUN_NAME} and {LEDGER_NAME}: "
            f"they do not hold what a report is drawn from ({type(error).__name__}: {error})."
        )
        return [Problem("report", REPORT_NAME, message)]
    return [
        Problem(
            "report",
            name,
            f"{name} is not what {AUDIT_NAME} renders to: it was edited, or drawn with other versions of the "
            f"drawing libraries than {RUN_NAME} names.",
        )
        for name in names
    ]


def _digest(data: bytes, expected: str | None) -> list[Problem]:
    digest = hashlib.sha256(data).hexdigest() if data else ""
    if expected is None or digest == expected.lower():
        return []
    message = f"{MANIFEST_NAME} has the SHA-256 {digest or 'of nothing'}, not the {expected} that was given."
    return [Problem("manifest", MANIFEST_NAME, message)]


def _signer(found: RunFiles, data: bytes, expected: Ed25519PublicKey | None) -> tuple[str, list[Problem]]:
    if SIGNATURE_NAME in found.refused:
        message = f"{SIGNATURE_NAME} is {found.refused[SIGNATURE_NAME]}, where a plain file should be."
        return "", [Problem("signature", SIGNATURE_NAME, message)]
    record = found.contents.get(SIGNATURE_NAME)
    if record is None or not data:
        if expected is None and record is None:
            return "", []
        message = (
            f"there is no {SIGNATURE_NAME if record is None else MANIFEST_NAME}: nobody vouched for this run."
        )
        return "", [Problem("signature", SIGNATURE_NAME, message)]
    try:
        key = signer_of(data, record)
    except SignatureWrong as error:
        return "", [Problem("signature", SIGNATURE_NAME, str(error))]
    by = fingerprint(key)
    if expected is None or fingerprint(expected) == by:
        return by, []
    message = f"{SIGNATURE_NAME} is by {by}, not by the key that was given, {fingerprint(expected)}."
    return by, [Problem("signature", SIGNATURE_NAME, message)]


def _needed(found: RunFiles, listed: Any) -> list[Problem]:
    absent = [name for name in NEEDED if name not in listed and name not in found.files]
    return [Problem("missing", name, f"{name} is not there, and every run has it.") for name in absent]


def _contents(found: RunFiles) -> tuple[Audit | None, dict[str, Any] | None, list[Problem]]:
    audit, run, problems = None, None, []
    try:
        audit = parse_audit(_content(found, AUDIT_NAME))
    except AuditInvalid as error:
        problems += [Problem("schema", AUDIT_NAME, sentence) for sentence in error.sentences]
    except NotPlainJson as error:
        problems.append(Problem("schema", AUDIT_NAME, f"{AUDIT_NAME} is not JSON that can be read: {error}."))
    except ReportError as error:
        problems.append(Problem("schema", AUDIT_NAME, str(error)))
    for name in (RUN_NAME, LEDGER_NAME):
        try:
            content = _content(found, name)
            if name == RUN_NAME:
                run = parse_run(content)
            else:
                parse_ledger(content)
        except ReportError as error:
            problems.append(Problem("report", name, f"no report can be drawn: {error}"))
    return audit, run, problems


def _content(found: RunFiles, name: str) -> bytes:
    if name in found.refused:
        raise RunIncomplete(f"{name} is {found.refused[name]}, where a plain file should be.")
    if name not in found.contents:
        raise RunIncomplete(f"there is no {name}; give the folder of a finished run.")
    return found.contents[name]


def _writer(audit: Any, run: Any, version: str) -> tuple[str, list[Problem]]:
    """Returns the version that wrote a run if it is another one, and whether that can be true."""
    if audit is None or run is None:
        return "", []
    claimed, schema = written_by(run), audit["schema_version"]
    writer = "" if claimed in (None, version) else str(claimed)
    if _could_write(claimed or version, schema):
        return writer, []
    message = (
        f"{RUN_NAME} says that version {claimed or version} wrote this run, but that version does not write "
        f"{AUDIT_NAME} by schema {schema}: one of the two was edited."
    )
    return writer, [Problem("report", RUN_NAME, message)]


def _could_write(version: str, schema: str) -> bool:
    parts = VERSION.fullmatch(version)
    if parts is None:
        return False
    return ((int(parts[1]), int(parts[2])) < FIRST_AFTER_SCHEMA_1_0) == (schema == "1.0")


def _stated_audit(found: RunFiles) -> list[Problem]:
    """Tells a report of another run by the digest that it states."""
    report = found.contents.get(REPORT_NAME)
    if report is None or AUDIT_NAME not in found.files:
        return []
    stated = re.search(rb'<p class="digest">.*?<code>([0-9a-f]{64})</code>', report)
    if stated and stated[1].decode() == found.files[AUDIT_NAME].sha256:
        return []
    message = (
        f"{REPORT_NAME} is not the report of this {AUDIT_NAME}: it states the digest of another one, or none."
    )
    return [Problem("report", REPORT_NAME, message)]
