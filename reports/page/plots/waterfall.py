"""Waterfalls: how a sum goes from its start to its end, one step a bar."""

from collections.abc import Sequence
from dataclasses import dataclass

from latent_audit.reports.page.plots.canvas import COLOURS, HATCHES, INK, MUTED, name_width
from latent_audit.reports.page.plots.panels import panels


@dataclass(frozen=True)
class Fall:
    """One sum: from `start`, by named steps, to start + the sum of the steps."""

    title: str
    start: float
    steps: Sequence[tuple[str, float]]


def draw(falls: Sequence[Fall], start_name: str, end_name: str, label: str, columns: int = 3) -> str:
    """Returns SVG with a panel for each sum; steps up and down differ in colour and hatch."""
    rows = 2 + max(len(fall.steps) for fall in falls)
    names = [start_name, end_name, *(name for fall in falls for name, _ in fall.steps)]
    left = name_width(names, 22)
    canvas, grid = panels(len(falls), columns, (left + 165, 58 + 15 * rows), (left, 10, 34, 18))
    for axes, fall in zip(grid, falls, strict=True):
        at, place = fall.start, 0
        axes.plot([at, at], [-0.4, 0.4], color=INK, linewidth=2)
        for place, (_, step) in enumerate(fall.steps, start=1):
            group = 0 if step >= 0 else 1
            axes.barh(
                place,
                step,
                left=at,
                height=0.62,
                color=COLOURS[group],
                hatch=HATCHES[group],
                edgecolor="#ffffff",
                linewidth=0,
                alpha=0.85,
            )
            axes.plot([at + step] * 2, [place - 0.31, place + 1.31], color=MUTED, linewidth=0.6)
            at += step
        axes.plot([at, at], [place + 0.6, place + 1.4], color=INK, linewidth=2)
        shown = [start_name, *(name for name, _ in fall.steps), end_name]
        axes.set_yticks(range(len(shown)), [canvas.name(name, 22) for name in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.locator_params(axis="x", nbins=4)
        axes.margins(x=0.08)
        axes.set_title(canvas.name(fall.title, 30))
        axes.set_xlabel(canvas.name(label, 36))
    return canvas.finish()
