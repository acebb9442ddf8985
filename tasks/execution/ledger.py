"""The ledger of a run: its stages, and the time in which nothing was computed."""

import json
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from latent_audit.tasks.storage.artifacts import Artifact, ModelKey


@dataclass(frozen=True)
class LedgerEntry:
    """One stage of a run. `seconds` is its computing time, in this run or in the one it is reused from.

    `reused_from` is the id of that other run in MLflow.
    """

    stage: str
    model: str | None
    seed: int | None
    key: str
    digest: str
    seconds: float
    reused: bool
    started: str
    reused_from: str | None


class Ledger:
    """Collects entries and the intervals of computing. Thread-safe."""

    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []
        self._intervals: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    def add(
        self,
        artifact: Artifact,
        model: ModelKey | None,
        interval: tuple[float, float],
        reused_from: str | None = None,
    ) -> None:
        """Adds a finished stage; `interval` is when it was computed, in seconds since the epoch."""
        started = datetime.fromtimestamp(interval[0], UTC).isoformat(timespec="milliseconds")
        entry = LedgerEntry(
            artifact.stage,
            model.name if model else None,
            model.seed if model else None,
            artifact.key,
            artifact.digest,
            round(artifact.seconds, 3),
            artifact.reused,
            started,
            reused_from if artifact.reused else None,
        )
        with self._lock:
            self._entries.append(entry)
            if not artifact.reused:
                self._intervals.append(interval)

    def computing_seconds(self) -> float:
        """Returns the time in which at least one stage was computed: the length of the intervals' union."""
        total, end = 0.0, float("-inf")
        for first, last in sorted(self._intervals):
            total += max(0.0, last - max(first, end))
            end = max(end, last)
        return total

    def counts(self) -> tuple[int, int]:
        """Returns the number of computed and of reused stages."""
        reused = sum(entry.reused for entry in self._entries)
        return len(self._entries) - reused, reused

    def write(self, path: Path) -> None:
        """Writes one JSON object per line, in an order that does not depend on timing."""
        entries = sorted(
            self._entries, key=lambda entry: (entry.model or "", entry.seed or 0, entry.stage, entry.key)
        )
        path.write_text(
            "".join(json.dumps(asdict(entry), sort_keys=True) + "\n" for entry in entries), encoding="utf-8"
        )
