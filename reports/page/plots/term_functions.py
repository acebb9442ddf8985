"""What each attribute adds to a decision: a line along a number or angle, bars over classes, grey for few images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latent_audit.reports.page.plots.canvas import COLOURS, MUTED
from latent_audit.reports.page.plots.panels import panels

_GREY = COLOURS[6]


@dataclass(frozen=True)
class TermFunction:
    """One attribute's function: value at places `at`, or of classes `labels`; few: where it is drawn grey."""

    title: str
    at: Sequence[float]
    labels: Sequence[str]
    value: Sequence[float | None]
    few: Sequence[bool]


def draw(functions: Sequence[TermFunction], label: str) -> str:
    """Returns SVG with a panel for each function; all panels share one scale of the logit."""
    canvas, grid = panels(len(functions), 3, (215, 140), (42, 8, 32, 18))
    known = [value for function in functions for value in function.value if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    room = 0.06 * (high - low or 1.0)
    for axes, function in zip(grid, functions, strict=True):
        values, few = np.array(function.value, float), np.array(function.few, bool)
        axes.grid(axis="y")
        axes.axhline(0, color=MUTED, linewidth=0.8)
        if function.labels:
            colours = [_GREY if grey else COLOURS[0] for grey in few]
            axes.bar(range(len(values)), values, width=0.6, color=colours, alpha=0.85)
            axes.set_xticks(range(len(values)), [canvas.name(name, 12) for name in function.labels])
        else:
            axes.plot(function.at, values, color=_GREY, linewidth=1.2, linestyle=(0, (2, 2)))
            axes.plot(function.at, np.where(few, np.nan, values), color=COLOURS[0], linewidth=1.8)
            axes.locator_params(axis="x", nbins=4)
        axes.set_ylim(low - room, high + room)
        axes.locator_params(axis="y", nbins=4)
        axes.set_title(canvas.name(function.title, 30))
        axes.set_xlabel(canvas.name(label, 36))
    return canvas.finish()
