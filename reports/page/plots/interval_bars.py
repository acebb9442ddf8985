"""Named values with their intervals, one row each: effects, leakage, scores, differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from latent_audit.reports.page.plots.canvas import COLOURS, HATCHES, INK, MARKERS, MUTED, Canvas, name_width
from latent_audit.reports.page.plots.panels import panels


@dataclass(frozen=True)
class Row:
    """One named value; `group` chooses colour, shape and hatch, and `low` and `high` may be unknown.

    `seeds` are the numbers behind a mean: drawn as dots, and the mean as a stroke.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    group: int = 0
    seeds: tuple[float, ...] = ()


def bars(rows: Sequence[Row], label: str, width: float = 250) -> str:
    """Returns SVG of horizontal bars from zero, hatched by group, with interval whiskers."""
    left = name_width((row.name for row in rows), 22)
    canvas = Canvas(width, 44 + 15 * max(len(rows), 1))
    axes = canvas.axes_within(left, 14, 34, 6)
    axes.barh(
        range(len(rows)),
        [row.value for row in rows],
        height=0.62,
        color=[COLOURS[row.group % 8] for row in rows],
        alpha=0.8,
        hatch=[HATCHES[row.group % 8] for row in rows],
        edgecolor="#ffffff",
        linewidth=0,
        clip_on=False,
    )
    axes.plot(*_whiskers(list(enumerate(rows))), color=INK, linewidth=1.1, clip_on=False)
    _name_rows(canvas, axes, rows, label)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    return canvas.finish()


@dataclass(frozen=True)
class Panel:
    """Rows on one axis, under a title, with a label (its unit) below."""

    title: str
    rows: Sequence[Row]
    label: str = ""


def points(tables: Sequence[Panel], columns: int = 3) -> str:
    """Returns SVG of small panels, each row a marked point with its interval."""
    tallest = max((len(table.rows) for table in tables), default=1)
    left = name_width((row.name for table in tables for row in table.rows), 22)
    canvas, grid = panels(len(tables), columns, (236, 58 + 15 * tallest), (left, 10, 34, 18))
    for axes, panel in zip(grid, tables, strict=True):
        for group in sorted({row.group % 8 for row in panel.rows}):
            placed = [(index, row) for index, row in enumerate(panel.rows) if row.group % 8 == group]
            axes.plot(*_whiskers(placed), color=COLOURS[group], linewidth=1.2)
            dots = [(value, index) for index, row in placed for value in (row.seeds or (row.value,))]
            values, places = [value for value, _ in dots], [index for _, index in dots]
            axes.plot(values, places, MARKERS[group], color=COLOURS[group], markersize=5.5, alpha=0.75)
            means = [(row.value, index) for index, row in placed if len(row.seeds) > 1]
            axes.plot(
                [value for value, _ in means],
                [index for _, index in means],
                "|",
                color=COLOURS[group],
                markersize=12,
                markeredgewidth=1.6,
            )
        _name_rows(canvas, axes, panel.rows, panel.label)
        axes.set_title(canvas.name(panel.title, 30))
        axes.locator_params(axis="x", nbins=4)
        axes.margins(x=0.12)
    return canvas.finish()


def _whiskers(placed: Sequence[tuple[int, Row]]) -> tuple[list[float], list[float]]:
    """Returns all intervals as one line with gaps: a report may hold hundreds of these plots."""
    known = [
        (place, row.low, row.high) for place, row in placed if row.low is not None and row.high is not None
    ]
    return [x for _, low, high in known for x in (low, high, np.nan)], [
        y for y, _, _ in known for _ in range(3)
    ]


def _name_rows(canvas: Canvas, axes: Axes, rows: Sequence[Row], label: str) -> None:
    axes.grid(axis="x", clip_on=False)
    axes.set_yticks(range(len(rows)), [canvas.name(row.name, 22) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if label:
        axes.set_xlabel(canvas.name(label, 48))
