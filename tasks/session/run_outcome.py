"""The outcome of a complete run: success, or an exit code for failed parts or changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latent_audit.tasks.analyses.places.rules.requirements import ABSENT, NOT_MET, UNDECIDED
from latent_audit.tasks.errors import Changed, PartsFailed, Reported, RequirementsNotMet
from latent_audit.tasks.session import drift
from latent_audit.tasks.storage.arrays import read_json


def raise_outcome(folder: Path, *, fail_on_change: bool, fail_when_undecided: bool) -> None:
    """Returns where the run in `folder` ended well.

    Raises:
        PartsFailed: parts of it failed.
        RequirementsNotMet: it does not show what its settings require; or leaves it undecided, and
            `fail_when_undecided` is true.
        Changed: it differs from the last accepted run, and `fail_on_change` is true.

    Of several, the one with the highest exit code is raised; its text holds them all.
    """
    found: list[Reported] = []
    audit = read_json(folder / "audit.json")
    missed = requirement_sentences(audit, (NOT_MET, UNDECIDED) if fail_when_undecided else (NOT_MET,))
    if missed:
        listed = "\n  ".join(missed)
        found.append(
            RequirementsNotMet(
                f"{folder.name} is complete, and does not show what is required:\n  {listed}", folder
            )
        )
    failed = failed_sentences(audit)
    if failed:
        listed = "\n  ".join(failed)
        counted = "1 part failed" if len(failed) == 1 else f"{len(failed)} parts failed"
        found.append(
            PartsFailed(
                f"{folder.name} is complete, but {counted}; the same command tries again:\n  {listed}", folder
            )
        )
    if fail_on_change:
        try:
            drift.refuse_change(folder)
        except Changed as changed:
            found.append(changed)
    if found:
        worst = max(found, key=lambda error: error.exit_code)
        raise type(worst)("\n".join(str(error) for error in found), folder)


def requirement_sentences(audit: Mapping[str, Any], statuses: Sequence[str]) -> list[str]:
    """Returns a line on each requirement of some statuses."""
    return [
        f"{row['model']}, {row['attribute']}: {_asked(row)} is {_words(row['status'])}: {row['reason']}"
        for row in audit.get("requirements", ())
        if row["status"] in statuses
    ]


def _asked(row: Mapping[str, Any]) -> str:
    place = str(row["place"])
    return place if place == ABSENT else f"{place} ({_words(row['verdict'])})"


def _words(key: str) -> str:
    return key.replace("_", " ")


def failed_sentences(audit: Mapping[str, Any]) -> list[str]:
    """Returns one line per failed part of an audit."""
    return [f"{row['part']}{_of(row)}: {row['reason']}" for row in audit.get("failed", ())]


def _of(row: Mapping[str, Any]) -> str:
    return "" if row["model"] is None else f" of {row['model']} seed {row['seed']}"
