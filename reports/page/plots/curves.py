"""Curves of losses and other figures over training steps."""

from collections.abc import Mapping, Sequence

import numpy as np

from latent_audit.reports.page.plots.canvas import COLOURS
from latent_audit.reports.page.plots.panels import legend_below, panels

STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 2)))
MAX_POINTS = 200


def draw(
    curves: Mapping[str, Sequence[tuple[str, Sequence[float], Sequence[float | None]]]], step_label: str
) -> str:
    """Returns SVG with a panel for each curve name, a line for each (label, steps, values) in it."""
    names = [label for label, _, _ in next(iter(curves.values()), ())]
    canvas, grid = panels(len(curves), 3, (215, 140), (42, 8, 32, 18), names)
    for axes, (title, traces) in zip(grid, curves.items(), strict=True):
        axes.grid(axis="y")
        for index, (label, steps, values) in enumerate(traces):
            kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MAX_POINTS)).round().astype(int))
            axes.plot(
                np.asarray(steps, float)[kept],
                np.asarray(values, float)[kept],
                color=COLOURS[index % 8],
                linestyle=STYLES[index % 5],
                linewidth=1.3,
                label=canvas.name(label, 20),
            )
        axes.set_title(canvas.name(title, 30))
        axes.locator_params(nbins=4)
        axes.set_xlabel(canvas.name(step_label))
    legend_below(canvas, grid[0], names)
    return canvas.finish()
