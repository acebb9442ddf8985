"""A row of small heat maps of one size, one for each moment, in the colours of every matrix."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from latent_audit.reports.page.plots.canvas import name_width
from latent_audit.reports.page.plots.panels import panels

CELL = 11.0
WIDEST = 680.0  # of all maps side by side, in points


def draw(
    maps: Sequence[npt.NDArray[np.float64]],
    titles: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    outlined: Sequence[tuple[int, int]] = (),
) -> str:
    """Returns SVG of matrices (rows, columns), all from 0 to 1; `outlined` cells have a frame in each.

    Rows are named, and of the columns the first and the last.
    """
    height, width = maps[0].shape
    left, bottom = name_width(rows, 14) + 4, 24.0
    ends = columns[0] if width == 1 else f"{columns[0]} … {columns[-1]}"
    size = (max(left + width * CELL, 90.0) + 8, height * CELL + bottom + 20)
    canvas, grid = panels(len(maps), max(1, int(WIDEST / size[0])), size, (left, 8, bottom, 18))
    for axes, values, title in zip(grid, maps, titles, strict=True):
        axes.imshow(
            np.nan_to_num(values), cmap="cividis", vmin=0, vmax=1, aspect="auto", interpolation="nearest"
        )
        axes.set_title(canvas.name(title, 24))
        axes.set_yticks(range(height), [canvas.name(name, 14) for name in rows])
        axes.set_xticks([])
        axes.set_xlabel(canvas.name(ends, 24))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for row, column in outlined:
            axes.add_patch(
                mpl.patches.Rectangle(
                    (column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#d55e00", linewidth=1.2
                )
            )
    return canvas.finish()
