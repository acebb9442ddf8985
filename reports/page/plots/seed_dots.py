"""Association strength of each attribute under every seed."""

from collections.abc import Sequence

from latent_audit.reports.page.plots.canvas import COLOURS, FAINT, MARKERS, Canvas, name_width
from latent_audit.reports.page.plots.panels import LEGEND_LINE


def draw(
    rows: Sequence[tuple[str, Sequence[float | None]]], seeds: Sequence[int], label: str, seed_word: str
) -> str:
    """Returns SVG with a row for each (attribute, value under each seed), a shape for each seed."""
    columns = 5
    top = 6 + LEGEND_LINE * -(-len(seeds) // columns)
    left = name_width(name for name, _ in rows)
    canvas = Canvas(250 + left, 42 + top + 16 * max(1, len(rows)))
    axes = canvas.axes_within(left, 12, 34, top)
    for index, (_, values) in enumerate(rows):
        known = [value for value in values if value is not None]
        if known:
            axes.plot([min(known), max(known)], [index, index], color=FAINT, linewidth=3, zorder=1)
    for position, seed in enumerate(seeds):
        pairs = [
            (values[position], index) for index, (_, values) in enumerate(rows) if position < len(values)
        ]
        kept = [(value, index) for value, index in pairs if value is not None]
        axes.plot(
            [value for value, _ in kept],
            [index for _, index in kept],
            marker=MARKERS[position % 8],
            color=COLOURS[position % 8],
            linestyle="none",
            markersize=5,
            label=canvas.name(f"{seed_word} {seed}", 14),
        )
    axes.set_yticks(range(len(rows)), [canvas.name(name) for name, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.grid(axis="x")
    axes.set_xlabel(canvas.name(label, 50))
    if len(seeds) > 0:
        canvas.figure.legend(
            loc="upper center",
            ncols=min(columns, len(seeds)),
            handletextpad=0.1,
            borderaxespad=0,
            columnspacing=1,
        )
    return canvas.finish()
