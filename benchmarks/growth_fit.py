"""Growth of cost with size: the slope of a straight line through the logarithms of both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Caches that a small size fits into make a linear pass look a little steeper than it is.
TOLERANCE = 0.15
# Slopes of less than these are of start-up and of pages, not of the work.
MIN_SECONDS, MIN_MEGABYTES = 1e-3, 1.0


@dataclass(frozen=True)
class Point:
    """Seconds and peak working memory in MB at one size."""

    size: int
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Series:
    """Growth of one thing along one axis; `steeper` says whether it passes n log n, where that is promised.

    Slopes are None with fewer than two points worth fitting; `last_time_slope` is that of the last two alone.
    `stopped_at` is the first size that was not reached. `most_slope`: what is promised of the time's.
    """

    what: str
    axis: str
    points: tuple[Point, ...]
    time_slope: float | None
    last_time_slope: float | None
    memory_slope: float | None
    n_log_n_slope: float | None
    steeper: bool
    stopped_at: int | None
    most_slope: float | None = None

    def missed(self) -> list[str]:
        """Returns the missed targets in words, or nothing."""
        found = [f"{self.what} grows faster than n log n in {self.axis}"] if self.steeper else []
        if self.most_slope is not None and (self.time_slope is None or self.time_slope > self.most_slope):
            found.append(
                f"{self.what}: the slope in {self.axis} is {self.time_slope}, not {self.most_slope:g}"
            )
        return found


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """Returns the least-squares slope of log cost over log size; None with fewer than two sizes."""
    if len(set(sizes)) < 2:
        return None
    x, y = ([math.log(number) for number in numbers] for numbers in (sizes, costs))
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - x_mean) ** 2 for a in x)
    return sum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True)) / across


def fit(
    what: str, axis: str, points: Sequence[Point], promised: bool, stopped_at: int | None = None
) -> Series:
    """Returns the series of `points`, in order of size; `promised`: no steeper than n log n."""
    timed = [point for point in points if point.seconds >= MIN_SECONDS]
    held = [point for point in points if point.megabytes >= MIN_MEGABYTES]
    sizes = [point.size for point in timed]
    whole = slope(sizes, [point.seconds for point in timed])
    last = slope(sizes[-2:], [point.seconds for point in timed[-2:]])
    allowed = slope(sizes, [size * math.log(size) for size in sizes]) if min(sizes, default=1) > 1 else None
    found = [number for number in (whole, last) if number is not None]
    return Series(
        what=what,
        axis=axis,
        points=tuple(points),
        time_slope=whole,
        last_time_slope=last,
        memory_slope=slope([point.size for point in held], [point.megabytes for point in held]),
        n_log_n_slope=allowed,
        steeper=promised and allowed is not None and bool(found) and max(found) > allowed + TOLERANCE,
        stopped_at=stopped_at,
    )
