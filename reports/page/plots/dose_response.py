"""Dose-response curve: the mean response over quantiles of one dimension, with its band."""

from collections.abc import Sequence

import numpy as np

from latent_audit.reports.page.plots.canvas import COLOURS, FAINT, Canvas

LABEL_ROOM = 0.12  # the width of a label, as a share of the axis


def draw(
    dose: Sequence[float],
    mean: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    dose_label: str,
    response_label: str,
) -> str:
    """Returns SVG of a curve over `dose` (quantile levels) and the band between `low` and `high`."""
    canvas = Canvas(250, 160)
    axes = canvas.axes_within(50, 8, 36, 8)
    middle, bottom, top = (
        np.array([np.nan if v is None else v for v in line], float) for line in (mean, low, high)
    )
    axes.grid(axis="y", clip_on=False)
    axes.fill_between(dose, bottom, top, color=COLOURS[0], alpha=0.18, linewidth=0)
    axes.plot(dose, middle, color=COLOURS[0], marker="o", markersize=4)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.set_xticks(list(dose), _labels(dose))
    axes.set_xlabel(canvas.name(dose_label, 40))
    axes.set_ylabel(canvas.name(response_label, 30))
    return canvas.finish()


def _labels(dose: Sequence[float]) -> list[str]:
    """Returns a label for every dose; empty if it would overlap its neighbour, except at the ends."""
    room = LABEL_ROOM * (dose[-1] - dose[0])
    labels: list[str] = []
    last = -np.inf
    for index, level in enumerate(dose):
        is_end = index in (0, len(dose) - 1)
        if is_end or (level - last >= room and dose[-1] - level >= room):
            last = level
            labels.append(f"{level:.2g}".replace("-", "−"))
        else:
            labels.append("")
    return labels
