"""Losses and other figures over the steps of training."""

from collections.abc import Mapping, Sequence

import numpy as np

from reports.plots.canvas import COLOURS, Canvas

STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 2)))
MOST_POINTS = 200


def draw(
    panels: Mapping[str, Sequence[tuple[str, Sequence[float], Sequence[float]]]], step_label: str
) -> str:
    """Returns SVG with a panel for each curve name, a line for each (label, steps, values) in it."""
    columns = min(3, max(1, len(panels)))
    lines = -(-len(panels) // columns)
    canvas = Canvas(215 * columns, 140 * lines + 20)
    grid = canvas.figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, traces) in zip(grid.flat, panels.items(), strict=False):
        axes.grid(axis="y")
        for index, (label, steps, values) in enumerate(traces):
            kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST_POINTS)).round().astype(int))
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
    handles, labels = grid.flat[0].get_legend_handles_labels()
    if len(labels) > 1:
        canvas.figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)))
    return canvas.finish()
