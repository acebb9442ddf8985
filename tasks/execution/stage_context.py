"""The context of a stage, which does not affect its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StageContext:
    """Device, work folder, progress and stop of a stage; they do not affect its result.

    `device` is a torch device name. `work_folder` outlives a killed process, for checkpoints. `report(done,
    total, facts)` shows progress; `should_stop` turns true when the user asks to stop; `deadline_seconds` is what
    is left of the stage's time limit when it starts, or None.
    """

    device: str
    work_folder: Path
    report: Callable[[int, int, Mapping[str, float]], None]
    should_stop: Callable[[], bool]
    deadline_seconds: float | None
