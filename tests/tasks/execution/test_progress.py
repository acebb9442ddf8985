"""Progress: bars that go away in a terminal, plain lines elsewhere, and every ending in both."""

import io
import os
import pty
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

import pytest

from latent_audit.tasks.execution import progress
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.work_item import Report


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TextIO, int]]:
    """A real pseudo-terminal: what is written to, and where it is read."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield stream, reader
    os.close(reader)


def all_of(reader: int) -> str:
    """What waits in a pseudo-terminal, which gives a few kilobytes at a time."""
    os.set_blocking(reader, False)
    pieces = []
    with suppress(BlockingIOError):
        while piece := os.read(reader, 4096):
            pieces.append(piece)
    return b"".join(pieces).decode()


def test_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_LINE_EVERY_SECONDS", 0.0)
    stream = io.StringIO()
    with ProgressDisplay(stream) as display:
        facts = {"images_per_second": 1234.5, "seconds_left": 75.0, "loss": 3.0}
        display.moved(Report("training vae seed 0", 500, 2000, facts))
        display.moved(Report("probing", 1, 5, {}))
        display.warn("take care [bold]of brackets[/bold]")
        display.ended("training vae seed 0", "12.0 s")
    assert stream.getvalue() == (
        " 0:00  training vae seed 0: 500/2,000, 1,234 images/s, 1:15 left\n"
        " 0:00  probing: 1/5\n"
        " 0:00  warning: take care [bold]of brackets[/bold]\n"
        " 0:00  training vae seed 0: 12.0 s\n"
    )


def test_plain_lines_are_few() -> None:
    stream = io.StringIO()
    with ProgressDisplay(stream) as display:
        for done in range(1000):
            display.moved(Report("training", done, 1000, {}))
        display.ended("training", "reused")
    assert stream.getvalue() == " 0:00  training: reused\n"


def test_bars_in_a_terminal(terminal: tuple[TextIO, int]) -> None:
    stream, reader = terminal
    with ProgressDisplay(stream) as display:
        facts = {"images_per_second": 900.0, "seconds_left": 61.0}
        display.moved(Report("training vae seed 0", 500, 2000, facts))
        display.moved(Report("training vae seed 1", 1, 2000, {}))
        time.sleep(0.3)
        display.ended("training vae seed 0", "12.0 s")
        display.ended("never shown", "reused")
        time.sleep(0.3)
        display.line("last")
    stream.flush()
    drawn = all_of(reader)
    assert "\x1b[" in drawn
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    assert re.search(r"training vae seed 0 .*500/2,000 , 900 images/s, 1:01 left", plain)
    assert "training vae seed 1" in plain
    assert " 0:00  training vae seed 0: 12.0 s" in plain
    assert " 0:00  never shown: reused" in plain
    last_frame = plain.split("0:00  last")[-1]
    assert "seed 0" not in last_frame  # its bar was taken away
