"""Scatter plots of a latent map: one panel per attribute, coloured by its values."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from latent_audit.reports.page.plots.canvas import COLOURS, MARKERS, MUTED
from latent_audit.reports.page.plots.panels import panels

MAX_CLASSES = 8
MAX_PANELS = 12
WIDTH, HEIGHT = 200.0, 172.0
# The points' axes in a panel: left, bottom, width and height in points.
AXES = (2.0, 34.0, 158.0, 118.0)
SCALE = (1.038, 1.076)  # where the bar of colours begins and ends, in widths of those
COLUMNS = 3
AZIMUTH, ELEVATION = 30, 20
MARGIN = 0.05
STEPS = 255  # a byte a coordinate: finer than a panel has pixels


@dataclass(frozen=True)
class Panel:
    """One attribute's values (m,) on the map; `classes` names the codes of classes, `period` closes a cycle."""

    name: str
    values: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    cyclic: bool


def draw(coordinates: npt.NDArray[np.float64], coloured: Sequence[Panel], seed: int = 0) -> str:
    """Returns SVG with one scatter of `coordinates` (m,2) for each of the first twelve panels."""
    coloured = coloured[:MAX_PANELS]
    left, bottom, width, height = AXES
    room = (left, WIDTH - left - width, bottom, HEIGHT - bottom - height)
    canvas, grid = panels(len(coloured), COLUMNS, (WIDTH, HEIGHT), room)
    # In a fixed random order, no class hides under the last one drawn.
    order = np.random.default_rng(seed).permutation(len(coordinates))
    for axes, panel in zip(grid, coloured, strict=True):
        axes.set_rasterization_zorder(1.2)  # the points alone: names stay text
        axes.set_xlim(*_limits(coordinates[:, 0]))
        axes.set_ylim(*_limits(coordinates[:, 1]))
        x, y, values = coordinates[order, 0], coordinates[order, 1], panel.values[order]
        if 0 < len(panel.classes) <= MAX_CLASSES:
            for code, name in enumerate(panel.classes):
                chosen = values == code
                axes.scatter(
                    x[chosen],
                    y[chosen],
                    s=9,
                    color=COLOURS[code],
                    marker=MARKERS[code],
                    alpha=0.75,
                    linewidths=0,
                    zorder=1,
                    label=canvas.name(name, 12),
                )
            axes.legend(
                loc="upper center",
                bbox_to_anchor=(0.5, 0),
                ncols=3,
                handletextpad=0.1,
                columnspacing=0.8,
            )
        else:
            shown = axes.scatter(
                x,
                y,
                c=values,
                s=8,
                cmap="twilight" if panel.cyclic else "cividis",
                alpha=0.85,
                linewidths=0,
                zorder=1,
            )
            _scale(axes, values, shown.get_cmap())
        axes.set_title(canvas.name(panel.name))
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(True)
    return canvas.finish()


def _scale(axes: Axes, values: npt.NDArray[np.float64], colours: Colormap) -> None:
    """Draws which colour means which value, right of a panel. A colour bar of matplotlib would be a second panel."""
    low, high = float(values.min()), float(values.max())
    bar = AxesImage(
        axes, cmap=colours, extent=(*SCALE, 0, 1), transform=axes.transAxes, origin="lower", zorder=2
    )
    bar.set_data(np.linspace(0, 1, 64)[:, None])
    bar.set_clip_on(False)
    axes.add_artist(bar)
    for tick in MaxNLocator(4).tick_values(low, high):
        height = (tick - low) / ((high - low) or 1.0)
        if 0 <= height <= 1:
            axes.text(
                SCALE[1] + 0.03, height, f"{tick:g}".replace("-", "−"), transform=axes.transAxes, va="center",
                color=MUTED,
            )  # fmt: skip


def seen_from_the_side(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns (m,2): the view of a 3-d map (m,3) from AZIMUTH degrees around its third axis and ELEVATION above."""
    around, above = np.radians(AZIMUTH), np.radians(ELEVATION)
    x, y, z = coordinates.T
    across, away = x * np.cos(around) - y * np.sin(around), x * np.sin(around) + y * np.cos(around)
    return np.stack([across, z * np.cos(above) + away * np.sin(above)], axis=1)


def explorable(coordinates: npt.NDArray[np.float64], coloured: Sequence[Panel]) -> dict[str, Any]:
    """Returns JSON values from which a script finds the point at a place of the drawing.

    `cell` and `axes` (left, top, width, height) are in the drawing's own units; `places` is base64 of a byte for
    x and for y of each point, `values` of a byte for each point, panel by panel; `scales` holds each panel's
    classes by code, or the values of bytes 0 and 255.
    """
    coloured = coloured[:MAX_PANELS]
    left, bottom, width, height = AXES
    places = np.stack(
        [_bytes(coordinates[:, axis], *_limits(coordinates[:, axis])) for axis in (0, 1)], axis=1
    )
    scales: list[list[Any]] = []
    values = []
    for panel in coloured:
        low, high = float(panel.values.min()), float(panel.values.max())
        scales.append(list(panel.classes) or [float(f"{low:.6g}"), float(f"{high:.6g}")])
        values.append(panel.values.astype(np.uint8) if panel.classes else _bytes(panel.values, low, high))
    return {
        "columns": min(COLUMNS, max(1, len(coloured))),
        "cell": [WIDTH, HEIGHT],
        "axes": [left, HEIGHT - bottom - height, width, height],
        "names": [panel.name for panel in coloured],
        "scales": scales,
        "places": _base64(places),
        "values": _base64(np.concatenate(values) if values else np.zeros(0, np.uint8)),
    }


def _limits(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 1.0
    return low - room, high + room


def _bytes(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    return np.round((values - low) / ((high - low) or 1.0) * STEPS).astype(np.uint8)


def _base64(values: npt.NDArray[np.uint8]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
