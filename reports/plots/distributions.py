"""How often each class occurs, and where the values of a continuous attribute lie."""

from collections.abc import Sequence
from typing import Any

from reports.plots.canvas import COLOURS, MUTED, Canvas

MOST_PANELS = 48


def draw(attributes: Sequence[dict[str, Any]], count_label: str) -> str:
    """Returns SVG with a small panel for each attribute: bars of counts, or a box of five quantiles."""
    shown = attributes[:MOST_PANELS]
    columns = min(5, max(1, len(shown)))
    lines = -(-len(shown) // columns)
    canvas = Canvas(128 * columns, 100 * lines)
    grid = canvas.figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.set_visible(False)
    for axes, attribute in zip(grid.flat, shown, strict=False):
        summary = attribute["summary"]
        if "counts" in summary:
            counts = summary["counts"]
            axes.bar(range(len(counts)), counts, color=COLOURS[0], width=0.7)
            few = len(counts) <= 6
            axes.set_xticks(
                range(len(counts)) if few else [],
                [canvas.name(name, 8) for name in attribute["classes"][: len(counts)]] if few else [],
                rotation=0 if len(counts) <= 3 else 90,
            )
            axes.locator_params(axis="y", nbins=3)
        else:
            least, lower, middle, upper, most = summary["quantiles"]
            axes.plot([summary["min"], summary["max"]], [0, 0], color=MUTED, linewidth=0.8)
            axes.plot([least, most], [0, 0], color=COLOURS[0], linewidth=2)
            axes.barh(0, (upper or 0) - (lower or 0), left=lower, height=0.5, color=COLOURS[0], alpha=0.35)
            axes.plot([middle], [0], marker="D", color=COLOURS[0], markersize=5)
            axes.set_ylim(-1, 1)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.locator_params(axis="x", nbins=3)
        axes.set_title(canvas.name(attribute["name"], 18))
        axes.tick_params(labelsize=7)
    canvas.figure.supylabel(canvas.name(count_label, 20), fontsize=8, color=MUTED)
    return canvas.finish()
