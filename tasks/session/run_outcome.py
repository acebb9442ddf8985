"""The outcome of a complete run: success, or an exit code for failed parts or changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latent_audit.tasks.errors import Changed, PartsFailed, Reported
from latent_audit.tasks.session import drift
from latent_audit.tasks.storage.arrays import read_json


def raise_outcome(folder: Path, *, fail_on_change: bool) -> None:
    """Returns if the run in `folder` has neither failed parts nor refused changes.

    Raises:
        PartsFailed: parts of it failed.
        Changed: it differs from the last accepted run, and `fail_on_change` is true.

    Of several, the one with the highest exit code is raised; its text holds them all.
    """
    found: list[Reported] = []
    failed = failed_sentences(read_json(folder / "audit.json"))
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


def failed_sentences(audit: Mapping[str, Any]) -> list[str]:
    """Returns one line per failed part of an audit."""
    return [f"{row['part']}{_of(row)}: {row['reason']}" for row in audit.get("failed", ())]


def _of(row: Mapping[str, Any]) -> str:
    return "" if row["model"] is None else f" of {row['model']} seed {row['seed']}"
