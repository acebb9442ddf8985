"""What pairs of attributes add together: a small map for each, orange above 0 and blue below, all on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latent_audit.reports.page.plots.canvas import name_width
from latent_audit.reports.page.plots.panels import panels


@dataclass(frozen=True)
class PairMap:
    """values (rows, columns) of two attributes, whose places have the names `row_names` and `column_names`."""

    title: str
    values: npt.NDArray[np.float64]
    row_names: Sequence[str]
    column_names: Sequence[str]
    row_label: str
    column_label: str


def draw(maps: Sequence[PairMap]) -> str:
    """Returns SVG with a panel for each pair; of many places, the names of some are written."""
    left = name_width((name for one in maps for name in one.row_names), 12) + 14
    canvas, grid = panels(len(maps), 3, (left + 160, 168), (left, 10, 34, 18))
    most = max((float(np.nanmax(np.abs(one.values))) for one in maps), default=0.0) or 1.0
    for axes, one in zip(grid, maps, strict=True):
        axes.imshow(one.values, cmap="PuOr_r", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
        rows, columns = _some(len(one.row_names)), _some(len(one.column_names))
        axes.set_yticks(rows, [canvas.name(one.row_names[i], 12) for i in rows])
        axes.set_xticks(columns, [canvas.name(one.column_names[i], 12) for i in columns])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(canvas.name(one.title, 34))
        axes.set_xlabel(canvas.name(one.column_label, 30))
        axes.set_ylabel(canvas.name(one.row_label, 20))
    return canvas.finish()


def _some(count: int) -> list[int]:
    """Returns which of `count` places are named: all of a few, else both ends and the middle."""
    return list(range(count)) if count <= 4 else [0, count // 2, count - 1]
