"""Facts of one audit from Python, as run.json holds those of a run of the command."""

from datetime import UTC, datetime
from typing import Any

from latent_audit.tasks.session.machine_facts import hardware, package_versions
from latent_audit.tasks.storage.artifacts import digest_of


def run_facts(started: datetime, device: str) -> dict[str, Any]:
    """Returns what is true of this audit and of no other; it stands apart from audit.json, which repeats."""
    finished = datetime.now(UTC)
    stamp = started.isoformat(timespec="milliseconds")
    return {
        "run_id": f"python-{digest_of(stamp)[:8]}",
        "started": started.isoformat(timespec="seconds"),
        "finished": finished.isoformat(timespec="seconds"),
        "wall_seconds": round((finished - started).total_seconds(), 1),
        "command": "latent_audit.audit(...)",
        "hardware": hardware(1, device),
        "packages": package_versions(),
        "since_accepted": None,
    }
