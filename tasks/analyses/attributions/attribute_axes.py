"""Where the functions of an additive discriminator are drawn: along a number, over classes, or around a circle.

Each axis also says how many images lie at each of its places, because a function means little where there are none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AxisKind = Literal["number", "classes", "angle"]
# With 500 images, thirty a place: enough to tell where there are few.
NUMBERS, ANGLES = 15, 16
# The middle of the images: beyond it a curve is drawn for a few.
_RANGE = (0.01, 0.99)


@dataclass(frozen=True)
class Axis:
    """One attribute's places.

    at: (g,) the places in the attribute's own unit, class numbers for classes. labels: the classes' names, else none.
    values: (g, c) what the attribute's dimensions are there, as the discriminator sees them.
    """

    attribute: str
    kind: AxisKind
    at: Floats
    labels: tuple[str, ...]
    values: NDArray[np.float32]

    def counts(self, columns: NDArray[np.floating]) -> NDArray[np.int64]:
        """Returns (g,) how many rows of the dimensions' values (n, c) lie nearest to each place.

        On a number, rows further than half a step outside are in no place's count.
        """
        if self.kind == "classes" and self.values.shape[1] > 1:
            nearest = np.asarray(columns).argmax(axis=1)
        else:
            distances = np.abs(columns[:, None, :] - self.values[None]).sum(axis=2)
            nearest = distances.argmin(axis=1)
            if self.kind == "number":
                half = (self.values[-1, 0] - self.values[0, 0]) / (2 * max(1, len(self.at) - 1))
                nearest = nearest[distances.min(axis=1) <= half + 1e-6]
        return np.bincount(nearest, minlength=len(self.at))


def along_number(attribute: str, seen: Floats, mean: float, spread: float) -> Axis:
    """Returns the places of a number over the middle of the values seen (n,), which are standardised."""
    low, high = np.quantile(seen, _RANGE)
    values = np.linspace(low, high, NUMBERS) if high > low else np.array([low])
    return Axis(attribute, "number", mean + spread * values, (), values[:, None].astype(np.float32))


def over_classes(attribute: str, labels: Sequence[str], values: NDArray[np.float32]) -> Axis:
    """Returns the places of the classes `labels`, whose dimensions are `values` (classes, c)."""
    return Axis(attribute, "classes", np.arange(len(labels), dtype=np.float64), tuple(labels), values)


def around(attribute: str, period: float) -> Axis:
    """Returns the places of an angle, of a full turn `period`, whose dimensions are cosine and sine."""
    turns = np.arange(ANGLES) / ANGLES
    values = np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)
    return Axis(attribute, "angle", period * turns, (), values.astype(np.float32))
