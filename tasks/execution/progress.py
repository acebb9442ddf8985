"""Shows progress: bars in a terminal, plain lines elsewhere."""

import sys
import threading
import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from latent_audit.reports.page.visible_text import visible, visible_lines
from latent_audit.tasks.execution.runners.work_item import Report

PLAIN_LINE_EVERY_SECONDS = 10.0


class ProgressDisplay:
    """Prints the progress of stages. Thread-safe.

    Args:
        stream: where to print; bars are drawn if it is a terminal.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}
        self._bars: dict[str, TaskID] = {}
        self._started = time.monotonic()
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[facts]}"),
            console=self._console,
            transient=True,
        )

    def __enter__(self) -> "ProgressDisplay":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def line(self, text: str) -> None:
        """Prints one line with the time since the start."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        with self._lock:
            self._console.print(f"{minutes:2d}:{seconds:02d}  {visible_lines(text)}", markup=False)

    def warn(self, text: str) -> None:
        """Prints a warning."""
        self.line(f"warning: {text}")

    def moved(self, report: Report) -> None:
        """Shows a stage's progress: a bar, or at most one line every ten seconds."""
        if self._console.is_terminal:
            self._draw(report)
        elif time.monotonic() - self._last.get(report.label, self._started) >= PLAIN_LINE_EVERY_SECONDS:
            self._last[report.label] = time.monotonic()
            self.line(f"{visible(report.label)}: {report.done:,}/{report.total:,}{_facts(report)}")

    def ended(self, label: str, text: str) -> None:
        """Removes a stage's bar and prints its outcome."""
        with self._lock:
            bar = self._bars.pop(label, None)
        if bar is not None:
            self._progress.remove_task(bar)
        self.line(f"{visible(label)}: {text}")

    def _draw(self, report: Report) -> None:
        with self._lock:
            bar = self._bars.get(report.label)
            if bar is None:
                bar = self._progress.add_task(visible(report.label), total=report.total, facts="")
                self._bars[report.label] = bar
        self._progress.update(bar, completed=report.done, total=report.total, facts=_facts(report))


def _facts(report: Report) -> str:
    parts = []
    if "images_per_second" in report.facts:
        parts.append(f"{report.facts['images_per_second']:,.0f} images/s")
    if "seconds_left" in report.facts:
        minutes, seconds = divmod(int(report.facts["seconds_left"]), 60)
        parts.append(f"{minutes}:{seconds:02d} left")
    return "".join(f", {part}" for part in parts)
