"""Named values with their intervals, one row each: effects, leakage, scores, differences."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.plots.canvas import COLOURS, FAINT, HATCHES, INK, MARKERS, MUTED, Canvas, name_width


@dataclass(frozen=True)
class Row:
    """One named value; `group` chooses colour, shape and hatch, and `low` and `high` may be unknown."""

    name: str
    value: float
    low: float | None
    high: float | None
    group: int = 0


def bars(rows: Sequence[Row], label: str, threshold: float | None = None, width: float = 250) -> str:
    """Returns SVG of horizontal bars from zero, hatched by group, with interval whiskers."""
    left = name_width((row.name for row in rows), 22)
    canvas = Canvas(width, 44 + 15 * max(len(rows), 1), margins=(left, 14, 34, 6))
    axes = canvas.figure.add_subplot()
    axes.grid(axis="x")
    for index, row in enumerate(rows):
        axes.barh(index, row.value, height=0.62, color=COLOURS[row.group % 8], alpha=0.8, hatch=HATCHES[row.group % 8],
                  edgecolor="#ffffff", linewidth=0)  # fmt: skip
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [index, index], color=INK, linewidth=1.1)
    _name_rows(canvas, axes, rows, label, threshold)
    return canvas.finish()


def points(
    panels: Sequence[tuple[str, Sequence[Row]]], label: str, columns: int = 3, zero: bool = False
) -> str:
    """Returns SVG of small panels (title, rows), each row a marked point with its interval."""
    columns = max(1, min(columns, len(panels)))
    lines = -(-len(panels) // columns)
    tallest = max((len(rows) for _, rows in panels), default=1)
    canvas = Canvas(230 * columns, lines * (46 + 15 * tallest))
    grid = canvas.figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, rows) in zip(grid.flat, panels, strict=False):
        axes.grid(axis="x")
        for index, row in enumerate(rows):
            group = row.group % 8
            if row.low is not None and row.high is not None:
                axes.plot([row.low, row.high], [index, index], color=COLOURS[group], linewidth=2)
            axes.plot(
                [row.value],
                [index],
                marker=MARKERS[group],
                color=COLOURS[group],
                markersize=5.5,
                linestyle="none",
            )
        _name_rows(canvas, axes, rows, "", 0.0 if zero else None)
        axes.set_title(canvas.name(title, 34))
        axes.locator_params(axis="x", nbins=4)
    if label:
        canvas.figure.supxlabel(canvas.name(label, 80), fontsize=8.5, color=MUTED)
    return canvas.finish()


def _name_rows(canvas: Canvas, axes, rows: Sequence[Row], label: str, threshold: float | None) -> None:  # type: ignore[no-untyped-def]
    axes.set_yticks(range(len(rows)), [canvas.name(row.name, 22) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=FAINT, linewidth=0.8) if threshold is None else None
    if threshold is not None:
        axes.axvline(threshold, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    if label:
        axes.set_xlabel(canvas.name(label, 48))
