"""What a stage works with but must not depend on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StageContext:
    """What a stage works with but must not depend on.

    `device` is a torch device name. `work_folder` outlives a killed process, for checkpoints. `report(done,
    total, facts)` shows progress; `should_stop` turns true when the user asks to stop; `deadline_seconds` is what
    is left of the stage's time limit when it starts, or None.
    """

    device: str
    work_folder: Path
    report: Callable[[int, int, Mapping[str, float]], None]
    should_stop: Callable[[], bool]
    deadline_seconds: float | None
