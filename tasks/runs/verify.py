"""Verifies offline that a folder is what its run wrote, and that its verdicts follow from its evidence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from latent_audit.reports.errors import KeyUnusable, SignatureWrong
from latent_audit.reports.exports import in_toto
from latent_audit.reports.exports.in_toto import opened
from latent_audit.reports.record.audit_json import SCHEMA_VERSION
from latent_audit.reports.record.problem import Kind, Problem
from latent_audit.reports.record.run_facts import PROGRAM
from latent_audit.reports.record.run_files import MANIFEST_NAME, MAX_BYTES, NotPlain, read_plain
from latent_audit.reports.record.signature import read_public_key
from latent_audit.reports.record.verification import Checked, check, check_report
from latent_audit.tasks.errors import RunUnusable, UsageError
from latent_audit.tasks.runs.verdicts_again import verdicts_again
from latent_audit.tasks.terminal_text import named

# The command's exit codes. Of several problems the first in this order is told by the code: causes before effects.
EXIT_CODES: Mapping[Kind, int] = {
    "manifest": 10,
    "signature": 11,
    "schema": 12,
    "thresholds": 13,
    "settings": 14,
    "verdict": 15,
    "report": 16,
    "missing": 17,
    "unlisted": 18,
    "altered": 19,
    "statement": 20,
}

SETTINGS_NAME = "settings.yaml"
MAX_PROBLEMS = 100


@dataclass(frozen=True)
class Verified:
    """The problems of a run, if any, what was read of it, and what is said of a statement about it."""

    problems: tuple[Problem, ...]
    checked: Checked
    stated: str = ""

    @property
    def exit_code(self) -> int:
        """0 for a run without problems, else the smallest code of its problems."""
        return min((EXIT_CODES[problem.kind] for problem in self.problems), default=0)

    @property
    def files(self) -> int:
        """How many files the manifest seals."""
        return self.checked.listed

    @property
    def verdicts(self) -> int:
        """How many verdicts audit.json has."""
        return len(self.checked.audit["verdicts"]) if self.checked.audit is not None else 0

    @property
    def manifest_sha256(self) -> str:
        """The SHA-256 of manifest.json, "" where there is none."""
        return self.checked.manifest_sha256


def verify(
    folder: Path,
    manifest_sha256: str | None = None,
    public_key: Path | None = None,
    statement: Path | None = None,
) -> Verified:
    """Returns the problems of the run in `folder`; writes nothing.

    Args:
        folder: a finished run.
        manifest_sha256: the digest of manifest.json from an independent source, or None.
        public_key: file with the key that must have signed the statement if one is given, else the run, or None.
        statement: file with an in-toto statement that must be of this run, or None.

    Returns:
        The problems, each with its kind and a sentence, and `exit_code`, 0 where there are none.

    Raises:
        RunUnusable: there is no such folder.
        UsageError: the digest, the key or the statement cannot be used.

    Source:
        What is checked, and each exit code: docs/report.md. Signatures: Ed25519 (RFC 8032).

    Example:
        >>> verified = verify(Path("runs/latest"))
        >>> verified.problems, verified.exit_code
        ((), 0)
    """
    if manifest_sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", manifest_sha256):
        raise UsageError(
            f"expected the SHA-256 of {MANIFEST_NAME}, 64 hexadecimal digits, got {manifest_sha256!r}"
        )
    try:
        folder = folder.resolve(strict=True)  # runs/latest may move to another run meanwhile
        if not folder.is_dir():
            raise NotADirectoryError
    except (OSError, RuntimeError):
        raise RunUnusable(
            f"{named(folder)} is no folder; give the folder of a finished run, as runs/latest"
        ) from None
    try:
        key = read_public_key(public_key) if public_key is not None else None
    except KeyUnusable as error:
        raise UsageError(str(error)) from None
    of_run = key if statement is None else None
    checked = check(folder, metadata.version(PROGRAM), manifest_sha256, of_run)
    problems = list(checked.problems)
    if checked.audit is not None:
        # Only this version's sentences of the schema that it writes can be compared to the letter.
        is_ours = not checked.writer and checked.audit["schema_version"] == SCHEMA_VERSION
        problems += verdicts_again(checked.audit, words_alone=not is_ours)
    # Of a run that is known to be altered it would say nothing more; who signed it is another matter.
    if all(problem.kind == "signature" for problem in problems):
        problems += check_report(checked)
    stated = "" if statement is None else _stated(statement, checked, key, problems)
    return Verified(tuple(problems), checked, stated)


def _stated(statement: Path, checked: Checked, key: Ed25519PublicKey | None, problems: list[Problem]) -> str:
    """Returns what is said of a statement that is of this run; adds to `problems` what is wrong with another one."""
    try:
        data = read_plain(statement, MAX_BYTES[MANIFEST_NAME])
    except FileNotFoundError:
        raise UsageError(f"there is no {named(statement)}; latent-audit export makes a statement") from None
    except NotPlain as found:
        raise UsageError(f"{named(statement)} is {found}, where a statement should be") from None
    try:
        payload, signer = opened(data, key)
    except SignatureWrong as error:
        problems.append(Problem("signature", statement.name, f"{statement.name}: {error}."))
        return ""
    if payload != statement_of(checked):
        message = f"{statement.name} is not what this run states: it was edited, or is of another run."
        problems.append(Problem("statement", statement.name, message))
    said = f"the statement {named(statement)} is what this run states"
    return f"{said}, signed by {signer}" if signer else f"{said}; its signature was not checked (--key)"


def statement_of(checked: Checked) -> bytes | None:
    """Returns the in-toto statement of a run, None where the run cannot be read."""
    settings = checked.found.files.get(SETTINGS_NAME)
    if checked.audit is None or checked.run is None or settings is None:
        return None
    return in_toto.statement(
        str(checked.run["run_id"]), checked.audit, checked.manifest_sha256, settings.sha256
    )


def sentences(verified: Verified) -> list[str]:
    """Returns lines for the user: the problems, or what was verified and what was not checked."""
    checked = verified.checked
    if verified.problems:
        message = [f"{problem.kind}: {problem.sentence}" for problem in verified.problems[:MAX_PROBLEMS]]
        more = len(verified.problems) - len(message)
        message += [f"and {more} more"] if more else []
        count = len(verified.problems)
        return [*message, f"{count} problem{'s' if count > 1 else ''} found"]
    assert checked.audit is not None
    drawn = (
        f"drawn by {checked.writer}: words compared, page not; only a signature or --digest shows that nobody has "
        "changed it"
        if checked.writer
        else "report.html and figures/ are what audit.json renders to, byte for byte"
    )
    return [
        f"whole: {verified.files} files are as they were sealed",
        f"audit.json follows schema {checked.audit['schema_version']}; thresholds and settings have the digests it "
        "states",
        f"{verified.verdicts} verdicts follow from the evidence beside them, by the rules of that schema",
        drawn,
        f"signed by {checked.signer}" if checked.signer else "not signed",
        f"SHA-256 of {MANIFEST_NAME}: {verified.manifest_sha256}",
        *([verified.stated] if verified.stated else []),
    ]
