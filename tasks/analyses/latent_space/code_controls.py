"""Controls of a code: what a dimension, a group of dimensions or a direction reads, and how the code moves with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# 2 to 98 %, a per cent apart: beyond them a decoder has seen next to nothing.
QUANTILES = np.linspace(0.02, 0.98, 97)
SECTORS = 10


@dataclass(frozen=True)
class Control:
    """A way to change a code.

    filters, pattern: (d, r), so that code @ filters is the reading, and a change of the reading moves the code along
    the pattern. kind: whether levels are quantiles of one reading, mean readings of a class each, or of the sectors
    of a cyclic attribute. levels: (m, r) readings. marks: (m,) quantiles, class codes, or values of the attribute.
    """

    name: str
    dimensions: tuple[int, ...]
    filters: Floats
    pattern: Floats
    kind: Literal["quantiles", "classes", "around"]
    levels: Floats
    marks: Floats

    def moved(self, codes: NDArray[np.floating], level: Floats) -> NDArray[np.float32]:
        """Returns codes (n, d) moved so that each has the reading `level` (r,)."""
        change = level - codes.astype(np.float64) @ self.filters
        return (codes + change @ self.pattern.T).astype(np.float32)


def dimension_control(name: str, dimension: int, codes: NDArray[np.floating]) -> Control:
    """Returns the control of one dimension, at the quantiles of codes (n, d)."""
    own = np.eye(codes.shape[1])[:, [dimension]]
    levels = np.quantile(codes[:, dimension].astype(np.float64), QUANTILES)[:, None]
    return Control(name, (dimension,), own, own, "quantiles", levels, QUANTILES)


def attribute_control(
    attribute: Attribute,
    dimensions: Sequence[int],
    filters: Floats,
    pattern: Floats,
    codes: NDArray[np.floating],
    values: Floats,
) -> Control | None:
    """Returns the control of an attribute, from codes (n, d) of images and the attribute's values (n,) there.

    One reading is set to its quantiles, from less to more of the attribute. Several readings are set to their means
    over the images of each class, or of each sector of a cyclic attribute; None where some have no image.
    """
    readings = codes.astype(np.float64) @ filters
    if filters.shape[1] == 1:
        together = (readings[:, 0] - readings[:, 0].mean()) @ (values - values.mean())
        if attribute.kind != "cyclic" and together < 0.0:
            filters, pattern, readings = -filters, -pattern, -readings
        levels = np.quantile(readings[:, 0], QUANTILES)[:, None]
        return Control(attribute.name, tuple(dimensions), filters, pattern, "quantiles", levels, QUANTILES)
    kind: Literal["classes", "around"]
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        sector = np.rint(values / attribute.period * SECTORS).astype(np.int64) % SECTORS
        kind, count, scale = "around", SECTORS, attribute.period / SECTORS
    elif attribute.kind in ("binary", "categorical"):
        sector, kind, count, scale = values.astype(np.int64), "classes", len(attribute.classes), 1.0
    else:
        return None
    shown = [index for index in range(count) if (sector == index).any()]
    if len(shown) < 2:
        return None
    levels = np.stack([readings[sector == index].mean(axis=0) for index in shown])
    marks = np.array(shown, dtype=np.float64) * scale
    return Control(attribute.name, tuple(dimensions), filters, pattern, kind, levels, marks)


def group_control(
    attribute: Attribute, dimensions: Sequence[int], codes: NDArray[np.floating], values: Floats
) -> Control | None:
    """Returns the control of an attribute through dimensions of its own, one or a group."""
    own = np.eye(codes.shape[1])[:, list(dimensions)]
    return attribute_control(attribute, dimensions, own, own, codes, values)
