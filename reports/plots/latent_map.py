"""Where images lie on a map of the latent space, one panel an attribute, coloured by its values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reports.plots.canvas import COLOURS, MARKERS, Canvas

MOST_CLASSES = 8
MOST_PANELS = 12


@dataclass(frozen=True)
class Panel:
    """One attribute's values (m,) on the map; `classes` names the codes of classes, `period` closes a cycle."""

    name: str
    values: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    cyclic: bool


def draw(coordinates: npt.NDArray[np.float64], panels: Sequence[Panel], seed: int = 0) -> str:
    """Returns SVG with one scatter of `coordinates` (m,2) for each of the first twelve panels."""
    panels = panels[:MOST_PANELS]
    columns = min(3, max(1, len(panels)))
    lines = -(-len(panels) // columns)
    canvas = Canvas(205 * columns, 172 * lines)
    grid = canvas.figure.subplots(lines, columns, squeeze=False)
    order = np.random.default_rng(seed).permutation(
        len(coordinates)
    )  # no class hides under the last one drawn
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        x, y, values = coordinates[order, 0], coordinates[order, 1], panel.values[order]
        if 0 < len(panel.classes) <= MOST_CLASSES:
            for code, name in enumerate(panel.classes):
                chosen = values == code
                axes.scatter(x[chosen], y[chosen], s=9, color=COLOURS[code], marker=MARKERS[code], alpha=0.75,
                             linewidths=0, rasterized=True, label=canvas.name(name, 12))  # fmt: skip
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, handletextpad=0.1, columnspacing=0.8,
                        fontsize=7.5)  # fmt: skip
        else:
            shown = axes.scatter(x, y, c=values, s=8, cmap="twilight" if panel.cyclic else "cividis", alpha=0.85,
                                 linewidths=0, rasterized=True)  # fmt: skip
            bar = canvas.figure.colorbar(shown, ax=axes, pad=0.02, fraction=0.05)
            bar.outline.set_visible(False)  # type: ignore[operator]
            bar.ax.tick_params(labelsize=7)
            bar.ax.locator_params(nbins=4)
        axes.set_title(canvas.name(panel.name))
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(True)
    return canvas.finish()
