"""Histogram of a null distribution with the observed values."""

from collections.abc import Sequence

import numpy as np

from latent_audit.reports.page.plots.canvas import (
    COLOURS,
    FAINT,
    HATCHES,
    INK,
    MARKERS,
    MUTED,
    Canvas,
    name_width,
)

# Where a logarithmic axis begins: half a standard deviation is nothing.
MIN_RATIO = 0.5


def draw(
    nulls: Sequence[tuple[str, Sequence[float]]],
    observed: Sequence[tuple[str, float]],
    label: str,
    limit: tuple[str, float] | None = None,
    *,
    ratios: bool = False,
) -> str:
    """Returns SVG: a histogram for each (name, values) of `nulls`, and above it a row for each observed
    (name, value), strongest on top; `limit` is a named vertical line. `ratios` draws on a logarithmic axis,
    for observations that may lie a hundred times beyond chance.
    """
    if ratios:
        nulls = [(name, [max(value, MIN_RATIO) for value in values]) for name, values in nulls]
        observed = [(name, max(value, MIN_RATIO)) for name, value in observed]
    rows = sorted(observed, key=lambda pair: pair[1])
    left, tall = name_width(name for name, _ in rows), 4 + 15 * max(len(rows), 1)
    canvas = Canvas(430, 96 + tall)
    lower = canvas.axes_within(left, 12, 32, 18 + tall)
    upper = canvas.axes_within(left, 12, 84, 12)
    upper.sharex(lower)
    everything = [value for _, values in nulls for value in values] + [value for _, value in rows]
    low, high = min([*everything, MIN_RATIO if ratios else 0.0]), max([*everything, MIN_RATIO])
    edges = (np.geomspace(low, 1.1 * high, 80) if ratios else np.linspace(low, high + 1e-9, 60)).tolist()
    if ratios:
        lower.set_xscale("log")
        lower.xaxis.set_major_formatter("{x:g}")
        lower.minorticks_off()
    for index, (name, values) in enumerate(nulls):
        lower.hist(
            values,
            edges,
            histtype="stepfilled",  # one shape, where bars would be eighty
            color=(MUTED, COLOURS[5])[index % 2],
            alpha=0.65,
            hatch=HATCHES[index + 1],
            edgecolor=FAINT,
            linewidth=0.3,
            label=canvas.name(name, 46),
        )
    lower.set_yticks([])
    lower.set_xlabel(canvas.name(label, 70))
    lower.legend(loc="upper right", handlelength=1.4, borderpad=0)
    chance = [value for _, values in nulls for value in values]
    if chance:
        upper.axvspan(min(chance), max(chance), color=FAINT, alpha=0.55, linewidth=0)
    places = range(len(rows))
    values = [value for _, value in rows]
    upper.hlines(places, low, values, color=FAINT, linewidth=1, zorder=1)
    upper.plot(values, places, marker=MARKERS[0], color=COLOURS[0], markersize=5, linestyle="none")
    upper.set_yticks(range(len(rows)), [canvas.name(name) for name, _ in rows])
    upper.set_ylim(-0.7, len(rows) - 0.3)
    upper.spines["bottom"].set_visible(False)
    upper.tick_params(axis="x", which="both", length=0, labelbottom=False)
    if limit is not None:
        for axes in (upper, lower):
            axes.axvline(limit[1], color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
        upper.annotate(
            canvas.name(limit[0], 40),
            (limit[1], 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            color=MUTED,
        )
    return canvas.finish()
