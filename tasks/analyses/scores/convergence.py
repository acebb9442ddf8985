"""Whether a curve of training had levelled off at its end."""

from collections.abc import Sequence
from dataclasses import dataclass

# A curve that moves no more than so much of its whole way in the last quarter has levelled off.
LEVEL_BELOW, LAST_SHARE = 0.1, 0.25
FEWEST_POINTS = 3


@dataclass(frozen=True)
class Convergence:
    """One curve. start, end: its first and last value. moved: how much of its whole way (largest less least value) it
    went in the last quarter of its steps. levelled_off: whether that is at most a tenth; None with fewer than three
    points.
    """

    curve: str
    start: float
    end: float
    moved: float
    levelled_off: bool | None


def levelled_off(curve: str, steps: Sequence[float], values: Sequence[float]) -> Convergence | None:
    """Returns whether a curve levelled off, from its points in the order of steps; None for a curve without points."""
    if not values:
        return None
    last_part = steps[-1] - LAST_SHARE * (steps[-1] - steps[0])
    before = [value for step, value in zip(steps, values, strict=True) if step <= last_part]
    whole = max(values) - min(values)
    moved = abs(values[-1] - (before or values)[-1]) / whole if whole > 0 else 0.0
    enough = len(values) >= FEWEST_POINTS
    return Convergence(curve, values[0], values[-1], moved, moved <= LEVEL_BELOW if enough else None)
