"""Curves whose points have intervals: panels side by side, a line for each thing compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.plots.canvas import COLOURS, FAINT, MARKERS, Canvas


@dataclass(frozen=True)
class Curve:
    """One line: points (x, value, low, high); low and high are None where no interval is known."""

    label: str
    points: Sequence[tuple[float, float, float | None, float | None]]


def draw(
    panels: Mapping[str, Sequence[Curve]],
    x_label: str,
    y_label: str,
    *,
    logarithmic: bool = False,
    zero_line: bool = False,
    chosen: float | None = None,
) -> str:
    """Returns SVG with a panel for each title; `chosen` marks a place on the x axis."""
    columns = min(3, max(1, len(panels)))
    lines = -(-len(panels) // columns)
    width = 215 * columns if columns > 1 else 330
    canvas = Canvas(width, 150 * lines + 24)
    grid = canvas.figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, curves) in zip(grid.flat, panels.items(), strict=False):
        axes.grid(axis="y")
        if zero_line:
            axes.axhline(0, color=FAINT, linewidth=0.9)
        if chosen is not None:
            axes.axvline(chosen, color=COLOURS[6], linewidth=0.9, linestyle=(0, (2, 2)))
        for index, curve in enumerate(curves):
            x, value, low, high = np.array(
                [[np.nan if number is None else number for number in point] for point in curve.points], float
            ).T
            colour = COLOURS[index % 8]
            axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(
                x,
                value,
                color=colour,
                marker=MARKERS[index % 8],
                markersize=3.5,
                linewidth=1.3,
                label=canvas.name(curve.label, 20),
            )
        if logarithmic:
            axes.set_xscale("log")
            ticks = sorted({point[0] for curve in curves for point in curve.points})
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
        else:
            axes.locator_params(axis="x", nbins=5)
        axes.locator_params(axis="y", nbins=4)
        axes.set_title(canvas.name(title, 30))
        axes.set_xlabel(canvas.name(x_label, 34))
    for axes in grid[:, 0]:
        axes.set_ylabel(canvas.name(y_label, 30))
    handles, labels = grid.flat[0].get_legend_handles_labels()
    if len(labels) > 1:
        canvas.figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)))
    return canvas.finish()
