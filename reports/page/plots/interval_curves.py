"""Curves with intervals: panels side by side, one line for each item compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latent_audit.reports.page.plots.canvas import COLOURS, FAINT, MARKERS
from latent_audit.reports.page.plots.panels import legend_below, panels


@dataclass(frozen=True)
class Curve:
    """One line: points (x, value, low, high), None where a number is not known."""

    label: str
    points: Sequence[tuple[float | None, float | None, float | None, float | None]]


def draw(
    by_title: Mapping[str, Sequence[Curve]],
    x_label: str,
    y_label: str,
    *,
    logarithmic: bool = False,
    zero_line: bool = False,
    chosen: float | None = None,
) -> str:
    """Returns SVG with a panel for each title; `chosen` marks a place on the x axis."""
    names = [curve.label for curve in next(iter(by_title.values()), ())]
    canvas, grid = panels(len(by_title), 3, (215 if len(by_title) > 1 else 330, 150), (50, 8, 32, 18), names)
    for index, (axes, (title, curves)) in enumerate(zip(grid, by_title.items(), strict=True)):
        axes.grid(axis="y")
        if zero_line:
            axes.axhline(0, color=FAINT, linewidth=0.9)
        if chosen is not None:
            axes.axvline(chosen, color=COLOURS[6], linewidth=0.9, linestyle=(0, (2, 2)))
        for place, curve in enumerate(curves):
            x, value, low, high = np.array(
                [[np.nan if number is None else number for number in point] for point in curve.points], float
            ).T
            colour = COLOURS[place % 8]
            axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(
                x,
                value,
                color=colour,
                marker=MARKERS[place % 8],
                markersize=3.5,
                linewidth=1.3,
                label=canvas.name(curve.label, 20),
            )
        if logarithmic:
            axes.set_xscale("log")
            ticks = sorted({point[0] for curve in curves for point in curve.points if point[0] is not None})
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
        else:
            axes.locator_params(axis="x", nbins=5)
        axes.locator_params(axis="y", nbins=4)
        axes.set_title(canvas.name(title, 30))
        axes.set_xlabel(canvas.name(x_label, 34))
        if index % 3 == 0:
            axes.set_ylabel(canvas.name(y_label, 30))
    legend_below(canvas, grid[0], names)
    return canvas.finish()
