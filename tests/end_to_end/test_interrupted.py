"""An audit that was interrupted by Ctrl-C while it trained."""

import json

import pytest

from tests.audits.audits import Commands

pytestmark = pytest.mark.timeout(1200)


def test_an_interrupted_run_says_that_it_can_go_on(commands: Commands) -> None:
    said = commands.last_line("interrupted", 130)
    assert said == "stopped; what was finished is kept, and the same command goes on from here"
    line = next(line for line in commands.ended["interrupted"].err.splitlines() if "stopping" in line)
    assert line.endswith("; press Ctrl-C again to end at once")


def test_an_interrupted_run_went_on_from_its_checkpoint(commands: Commands) -> None:
    """That the weights are those of an uninterrupted run is test_audit's test_same_settings_same_bytes."""
    # Others may have just begun, or on a busy machine have come to their end before the signal came.
    assert any(0 < step < 240 for step in commands.interrupted_at.values()), commands.interrupted_at
    assert commands.ended["continued"].code == 0
    for work in commands.interrupted_at:
        key = work.removeprefix(".work-")
        finished = commands.home / "artifacts" / "train" / key
        assert json.loads((finished / "training.json").read_text())["steps"] in (10, 240)
        assert not finished.with_name(work).exists()
    assert all(path.name != "latest" for path in (commands.home / "runs" / "tiny").iterdir())
