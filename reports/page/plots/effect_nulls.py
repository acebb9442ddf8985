"""Each attribute's effect with its null distribution: one panel each, in the attribute's own unit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latent_audit.reports.page.plots.canvas import COLOURS, FAINT, HATCHES, INK, MUTED
from latent_audit.reports.page.plots.panels import legend_below, panels

BINS = 30


@dataclass(frozen=True)
class Panel:
    """One attribute: its effect, and those of random directions and of an untrained decoder, in `unit`."""

    name: str
    unit: str
    effect: float
    random_directions: Sequence[float]
    untrained_decoder: Sequence[float]


def draw(attributes: Sequence[Panel], random_name: str, untrained_name: str, label: str) -> str:
    """Returns SVG with a histogram of null effects for each attribute, and a line at its effect."""
    untrained = any(len(panel.untrained_decoder) for panel in attributes)
    names = [random_name, *([untrained_name] if untrained else [])]
    canvas, grid = panels(len(attributes), 3, (236, 104), (10, 12, 34, 18), names)
    for axes, panel in zip(grid, attributes, strict=True):
        most = max([panel.effect, *panel.random_directions, *panel.untrained_decoder, 1e-9])
        edges = np.linspace(0.0, 1.02 * most, BINS).tolist()
        for index, (name, values) in enumerate(
            ((random_name, panel.random_directions), (untrained_name, panel.untrained_decoder))
        ):
            if not len(values) and not (untrained and index):
                continue
            axes.hist(
                values,
                edges,
                histtype="stepfilled",  # one shape, where bars would be thirty
                weights=np.full(len(values), 1.0 / max(len(values), 1)),
                color=(MUTED, COLOURS[5])[index],
                alpha=0.65,
                hatch=HATCHES[index + 1],
                edgecolor=FAINT,
                linewidth=0.3,
                label=canvas.name(name, 46),
            )
        axes.axvline(panel.effect, color=COLOURS[0], linewidth=2.2)
        axes.plot([panel.effect], [axes.get_ylim()[1]], "v", color=INK, markersize=5, clip_on=False)
        axes.set_title(canvas.name(panel.name, 26))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(canvas.name(f"{label}, {panel.unit}" if panel.unit else label, 44))
        axes.locator_params(axis="x", nbins=5)
    legend_below(canvas, grid[0], names)
    return canvas.finish()
