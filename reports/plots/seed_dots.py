"""How strongly each attribute was found again under every seed."""

from collections.abc import Sequence

from reports.plots.canvas import COLOURS, FAINT, MARKERS, Canvas


def draw(
    rows: Sequence[tuple[str, Sequence[float | None]]], seeds: Sequence[int], label: str, seed_word: str
) -> str:
    """Returns SVG with a row for each (attribute, value under each seed), a shape for each seed."""
    canvas = Canvas(330, 70 + 16 * max(1, len(rows)))
    axes = canvas.figure.add_subplot()
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
        canvas.figure.legend(loc="outside upper center", ncols=min(5, len(seeds)), handletextpad=0.1)
    return canvas.finish()
