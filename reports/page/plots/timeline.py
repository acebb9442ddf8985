"""Timeline of a run: a bar for each stage of its ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from latent_audit.reports.page.plots.canvas import COLOURS, Canvas, name_width

MAX_ROWS = 60


@dataclass(frozen=True)
class Bar:
    """One stage: its start in seconds after the run's, its duration, and whether it was reused."""

    name: str
    start: float
    seconds: float
    reused: bool


def draw(rows: Sequence[Bar], label: str, ran: str, reused: str) -> str:
    """Returns SVG of the first sixty bars over seconds since the first one started."""
    rows = rows[:MAX_ROWS]
    canvas = Canvas(520, 64 + 11 * max(1, len(rows)))
    axes = canvas.axes_within(0.88 * name_width((row.name for row in rows), 40), 12, 34, 22)
    whole = max((row.start + row.seconds for row in rows), default=1.0)
    for again, colour, hatch, word in ((False, COLOURS[0], "", ran), (True, COLOURS[4], "///", reused)):
        chosen = [(index, row) for index, row in enumerate(rows) if row.reused is again]
        if chosen:
            axes.barh(
                [index for index, _ in chosen],
                [max(row.seconds, whole / 300) for _, row in chosen],
                left=[row.start for _, row in chosen],
                height=0.7,
                color=colour,
                hatch=hatch,
                edgecolor="#ffffff",
                linewidth=0,
                label=canvas.name(word),
            )
    axes.set_yticks(range(len(rows)), [canvas.name(row.name, 40) for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, whole)
    axes.grid(axis="x")
    axes.set_xlabel(canvas.name(label, 40))
    canvas.figure.legend(loc="upper right", ncols=2, borderaxespad=0)
    return canvas.finish()
