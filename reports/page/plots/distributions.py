"""Distributions of attributes: counts of classes, and quantiles of continuous values."""

from collections.abc import Sequence

import numpy as np

from latent_audit.reports.page.plots.canvas import COLOURS, MUTED, name_width
from latent_audit.reports.page.plots.panels import panels
from latent_audit.vocabulary.record.data import Attribute

MAX_PANELS = 48
MAX_NAMED, MAX_LEVEL = 6, 3  # classes whose names are written, and written level


def draw(attributes: Sequence[Attribute], count_label: str) -> str:
    """Returns SVG with a small panel for each attribute: bars of counts, or a box of five quantiles."""
    shown = attributes[:MAX_PANELS]
    upright = [
        name
        for attribute in shown
        if (few := _named(attribute)) > MAX_LEVEL
        for name in attribute["classes"][:few]
    ]
    below = max(18.0, 0.82 * name_width(upright, 8) + 4)
    canvas, grid = panels(len(shown), 5, (128, 66 + below), (36, 4, below, 16))
    for axes, attribute in zip(grid, shown, strict=True):
        summary = attribute["summary"]
        if "counts" in summary:
            counts = summary["counts"]
            axes.bar(range(len(counts)), counts, color=COLOURS[0], width=0.7)
            few = _named(attribute)
            axes.set_xticks(
                range(few),
                [canvas.name(name, 8) for name in attribute["classes"][:few]],
                rotation=0 if few <= MAX_LEVEL else 90,
            )
            axes.locator_params(axis="y", nbins=3)
        else:
            ends, quantiles = (summary["min"], summary["max"]), summary["quantiles"]
            least, lower, middle, upper, most = np.array(
                quantiles, float
            ).tolist()  # nan where one is unknown
            axes.plot(np.array(ends, float), [0, 0], color=MUTED, linewidth=0.8)
            axes.plot([least, most], [0, 0], color=COLOURS[0], linewidth=2)
            axes.barh(0, upper - lower, left=lower, height=0.5, color=COLOURS[0], alpha=0.35)
            axes.plot([middle], [0], marker="D", color=COLOURS[0], markersize=5)
            axes.set_ylim(-1, 1)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.locator_params(axis="x", nbins=3)
        axes.set_title(canvas.name(attribute["name"], 18))
    for axes, attribute in list(zip(grid, shown, strict=True))[::5]:
        if "counts" in attribute["summary"]:
            axes.set_ylabel(canvas.name(count_label, 20))
    return canvas.finish()


def _named(attribute: Attribute) -> int:
    """Returns how many classes are named below their bars."""
    summary = attribute["summary"]
    count = len(summary["counts"]) if "counts" in summary else 0
    return count if count <= MAX_NAMED else 0
