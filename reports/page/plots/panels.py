"""Equal panels side by side with one legend below, at positions that need no measuring of text."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from latent_audit.reports.page.plots.canvas import Canvas, name_width

# A legend's line, and what stands beside each name in it, in points.
LEGEND_LINE, LEGEND_KEY = 15.0, 36.0


def panels(
    count: int,
    most_columns: int,
    size: tuple[float, float],
    room: tuple[float, float, float, float],
    legend: Sequence[str] = (),
) -> tuple[Canvas, list[Axes]]:
    """Returns a canvas and its `count` axes, row by row.

    Args:
        count: how many panels.
        most_columns: maximum number of panels side by side.
        size: a panel's width and height in points.
        room: margins left of, right of, below and above a panel's axes, in points.
        legend: names that `legend_below` will write; room for them is kept.
    """
    columns = max(1, min(most_columns, count))
    lines = max(1, -(-count // columns))
    width, height = columns * size[0], lines * size[1]
    foot = LEGEND_LINE * -(-len(legend) // _legend_columns(width, legend)) if len(legend) > 1 else 0.0
    canvas = Canvas(width, height + foot)
    left, right, bottom, top = room
    return canvas, [
        canvas.axes(
            size[0] * (index % columns) + left,
            foot + size[1] * (lines - 1 - index // columns) + bottom,
            size[0] - left - right,
            size[1] - bottom - top,
        )
        for index in range(count)
    ]


def legend_below(canvas: Canvas, axes: Axes, names: Sequence[str]) -> None:
    """Writes the legend of all panels, which is that of `axes`, where there is more than one name."""
    if len(names) > 1:
        columns = _legend_columns(canvas.width, names)
        handles, labels = axes.get_legend_handles_labels()
        canvas.figure.legend(
            handles, labels, loc="lower center", ncols=columns, columnspacing=1, borderpad=0, borderaxespad=0
        )


def _legend_columns(width: float, names: Sequence[str]) -> int:
    return max(1, min(len(names), int(width / (name_width(names, 20) + LEGEND_KEY))))
