"""Heat map of a matrix, with a stroke through every cell that is not significant."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from latent_audit.reports.page.plots.canvas import INK, Canvas, name_width

MAX_WRITTEN_CELLS = 160
CELL_WIDTH, CELL_HEIGHT = 33.0, 22.0
BAR = 60.0  # the scale of colours, its numbers and its name, in points
TURN = 30  # degrees that long names of columns are turned
MAX_LEVEL_LETTERS = 6


def draw(
    values: npt.NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
    label: str,
    struck: npt.NDArray[np.bool_] | None = None,
    outlined: Sequence[tuple[int, int]] = (),
) -> str:
    """Returns SVG of `values` (rows, columns), all from 0 to 1, in colours that mean the same in every matrix.

    `struck` cells carry a diagonal stroke, `outlined` (row, column) cells a frame. Cells are written out where
    there are at most 160.
    """
    height, width = values.shape
    small = values.size > MAX_WRITTEN_CELLS
    cell_width, cell_height = (12.0, 12.0) if small else (CELL_WIDTH, CELL_HEIGHT)
    turn = 90 if small else TURN if max(map(len, columns), default=0) > MAX_LEVEL_LETTERS else 0
    longest = name_width(columns, 14)
    left = max(name_width(rows), 0.5 * longest if turn == TURN else 0.0)
    bottom = 8 + {0: 10.0, TURN: 0.6 * longest, 90: longest}[turn]
    canvas = Canvas(max(260.0, left + width * cell_width + BAR), bottom + height * cell_height + 6)
    axes = canvas.axes_within(left, BAR, bottom, 6)
    filled = np.nan_to_num(values)
    image = axes.imshow(filled, cmap="cividis", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(width), [canvas.name(name, 14) for name in columns], rotation=turn)
    axes.set_yticks(range(height), [canvas.name(name) for name in rows])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if struck is not None:
        _strike(axes, struck, filled)
    for row, column in outlined:
        frame = mpl.patches.Rectangle(
            (column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#d55e00", linewidth=2
        )
        axes.add_patch(frame)
    if not small:
        for (row, column), value in np.ndenumerate(filled):
            colour = "#111111" if value > 0.55 else "#ffffff"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
    scale = canvas.axes(canvas.width - BAR + 8, bottom, 8, canvas.height - bottom - 6)
    bar = canvas.figure.colorbar(image, cax=scale)
    bar.outline.set_visible(False)
    bar.set_label(canvas.name(label, 40), color=INK)
    return canvas.finish()


def _strike(axes: mpl.axes.Axes, struck: npt.NDArray[np.bool_], shade: npt.NDArray[np.float64]) -> None:
    """Draws all strokes of one lightness as one line with gaps, which keeps files of large matrices small."""
    for dark in (True, False):
        rows, columns = np.nonzero(struck & ((shade <= 0.55) == dark))
        if len(rows) == 0:
            continue
        gap = np.full(len(rows), np.nan)
        x = np.stack([columns - 0.42, columns + 0.42, gap], axis=1).ravel()
        y = np.stack([rows + 0.42, rows - 0.42, gap], axis=1).ravel()
        axes.plot(x, y, color="#c9d3e6" if dark else "#333333", linewidth=0.5, scalex=False, scaley=False)
