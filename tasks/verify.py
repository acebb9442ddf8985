"""Verify: is a run folder what the run wrote, and do its verdicts follow from its own evidence? Works offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.errors import KeyUnusable
from reports.manifest import MANIFEST_NAME
from reports.problem import Kind, Problem
from reports.signature import read_public_key
from reports.verification import check
from tasks.analyses.thresholds import thresholds_from
from tasks.analyses.verdicts import verdicts_from_audit, verdicts_on_control
from tasks.errors import RunUnusable, UsageError
from tasks.records import digest_of

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
}


@dataclass(frozen=True)
class Verified:
    """Everything wrong with a run, empty when nothing is, and what was found to hold."""

    problems: tuple[Problem, ...]
    files: int
    verdicts: int
    manifest_sha256: str
    signer: str

    @property
    def exit_code(self) -> int:
        """0 for a run that is whole, else the smallest code of its problems."""
        return min((EXIT_CODES[problem.kind] for problem in self.problems), default=0)


def verify(folder: Path, manifest_sha256: str = "", public_key: Path | None = None) -> Verified:
    """Returns what is wrong with the run in `folder`; nothing is written.

    Args:
        folder: a finished run.
        manifest_sha256: the digest of manifest.json that was handed over by another way, or "".
        public_key: file with the key that must have signed the run, or None.

    Raises RunUnusable when there is no such folder, UsageError when the key cannot be read.
    """
    if not folder.is_dir():
        raise RunUnusable(f"{folder} is no folder; give the folder of a finished run, as runs/latest")
    try:
        key = read_public_key(public_key) if public_key else None
    except KeyUnusable as error:
        raise UsageError(str(error)) from None
    checked = check(folder, manifest_sha256, key)
    judged = _judged_again(checked.audit) if checked.audit is not None else []
    count = len(checked.audit["verdicts"]) if checked.audit is not None else 0
    return Verified(
        (*checked.problems, *judged), checked.files, count, checked.manifest_sha256, checked.signer
    )


def sentences(verified: Verified) -> list[str]:
    """Returns what to tell the user, a line each: the problems, or what was found to hold."""
    if verified.problems:
        told = [f"{problem.kind}: {problem.sentence}" for problem in verified.problems]
        return [*told, f"{len(told)} problem{'s' if len(told) > 1 else ''} found"]
    return [
        f"whole: {verified.files} files are as they were sealed",
        "audit.json follows its schema; thresholds and settings have the digests it states",
        f"{verified.verdicts} verdicts follow from the evidence beside them",
        "report.html and figures/ are what audit.json renders to, byte for byte",
        f"signed by {verified.signer}" if verified.signer else "not signed",
        f"SHA-256 of {MANIFEST_NAME}: {verified.manifest_sha256}",
    ]


def _judged_again(audit: Mapping[str, Any]) -> list[Problem]:
    found = []
    if digest_of(audit["settings"]) != audit["settings_digest"]:
        told = "the settings in audit.json do not have the digest that it states: they were edited."
        found.append(Problem("settings", "audit.json", told))
    try:
        digest = thresholds_from(audit["thresholds"]).digest()
    except (TypeError, ValueError) as error:
        told = f"the thresholds in audit.json cannot be used: {error}."
        return [*found, Problem("thresholds", "audit.json", told)]
    if digest != audit["thresholds_digest"]:
        told = "the thresholds in audit.json do not have the digest that it states: they were edited."
        found.append(Problem("thresholds", "audit.json", told))
    return found + _verdicts(audit) + _controls(audit)


def _verdicts(audit: Mapping[str, Any]) -> list[Problem]:
    try:
        drawn = verdicts_from_audit(audit)
    except (LookupError, TypeError, ValueError, StopIteration) as error:
        told = f"no verdicts can be drawn from the evidence in audit.json ({type(error).__name__}: {error})."
        return [Problem("verdict", "audit.json", told)]
    stated = {_claim(row): row for row in audit["verdicts"]}
    again = {_claim(row): row for row in drawn}
    found = []
    for claim in dict.fromkeys((*stated, *again)):
        if claim not in stated or claim not in again:
            told = "is not in the evidence" if claim in stated else "was taken out of audit.json"
            found.append(Problem("verdict", "audit.json", f"the verdict on {_told(claim)} {told}."))
            continue
        edited = [key for key, value in again[claim].items() if stated[claim].get(key) != value]
        if edited:
            told = (
                f"the verdict on {_told(claim)} does not follow from the evidence beside it: it states "
                f"{stated[claim]['verdict']}, the evidence gives {again[claim]['verdict']} "
                f"(differs in {', '.join(edited)})."
            )
            found.append(Problem("verdict", "audit.json", told))
    return found


def _controls(audit: Mapping[str, Any]) -> list[Problem]:
    """Negative controls are judged by the same rules as claims."""
    thresholds = thresholds_from(audit["thresholds"])
    found = []
    for control in audit["controls"]:
        try:
            follows = verdicts_on_control(control, thresholds) == control["verdicts"]
        except (LookupError, TypeError, ValueError, StopIteration):
            follows = False
        if not follows:
            told = f"the verdicts on the control {control['control']} of {control['name']} do not follow from it."
            found.append(Problem("verdict", "audit.json", told))
    return found


def _claim(row: Mapping[str, Any]) -> tuple[str, int, str]:
    return row["model"], row["seed"], row["attribute"]


def _told(claim: tuple[str, int, str]) -> str:
    model, seed, attribute = claim
    return f"{attribute} in {model}, seed {seed},"
