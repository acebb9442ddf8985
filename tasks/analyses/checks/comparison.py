"""Models side by side: a number for each seed, means over seeds, and differences between models.

Intervals are Student's t over seeds, Welch's (1947) for differences: with three to ten seeds a bootstrap
over seeds is far too narrow. A measure with an end (a share, a score from 0 to 1, a count) has none: Student's
t knows no ends and would go beyond them. The n of an estimate is the number of seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from latent_audit.tasks.analyses.scores.score_meanings import Better
from latent_audit.tasks.analyses.statistics.estimates import CONFIDENCE, Estimate

SOURCE = "Student's t over seeds"
# Where there is a mean over seeds and no interval.
SEEDS = "seeds"
DIFFERENCE_SOURCE = "Welch's t over seeds"


@dataclass(frozen=True)
class ModelMean:
    """A model's mean over its seeds, and the number of each seed, in the order of the seeds."""

    model: str
    estimate: Estimate
    by_seed: tuple[float, ...]


@dataclass(frozen=True)
class Difference:
    """Mean of the first model less that of the second.

    `seeds`: whether every seed of the first model is above every seed of the second, below, or neither.
    """

    first: str
    second: str
    estimate: Estimate
    seeds: Literal["above", "below", "overlap"]


@dataclass(frozen=True)
class Comparison:
    """One measure over all models; `better` names the good end, none where neither end is good."""

    measure: str
    unit: str
    better: Better
    models: tuple[ModelMean, ...]
    differences: tuple[Difference, ...]


def compute(
    measure: str, unit: str, better: Better, values: Mapping[str, Sequence[float]], *, bounded: bool
) -> Comparison:
    """Returns means and pairwise differences of `values`, one number per seed for each model.

    With a single seed there is no spread to speak of, and low and high are None. `bounded` measures have no
    intervals either.
    """
    means = tuple(
        ModelMean(model, _without_interval(mean_over_seeds(numbers), bounded), tuple(map(float, numbers)))
        for model, numbers in values.items()
    )
    differences = tuple(
        Difference(
            first,
            second,
            _without_interval(difference_of_means(values[first], values[second]), bounded),
            _apart(values[first], values[second]),
        )
        for first, second in combinations(values, 2)
    )
    return Comparison(measure, unit, better, means, differences)


def _without_interval(estimate: Estimate, bounded: bool) -> Estimate:
    return replace(estimate, low=None, high=None, source=SEEDS) if bounded else estimate


def _apart(first: Sequence[float], second: Sequence[float]) -> Literal["above", "below", "overlap"]:
    if min(first) > max(second):
        return "above"
    return "below" if max(first) < min(second) else "overlap"


def mean_over_seeds(numbers: Sequence[float] | NDArray[np.float64], source: str = SOURCE) -> Estimate:
    """Returns the mean with its t interval; `source` says what it is over, where that is not seeds."""
    data = np.asarray(numbers, dtype=np.float64)
    mean, n = float(data.mean()), len(data)
    if n < 2:
        return Estimate(mean, None, None, n, source)
    half = _quantile(n - 1.0) * float(data.std(ddof=1)) / np.sqrt(n)
    return Estimate(mean, mean - half, mean + half, n, source)


def difference_of_means(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Returns mean(first) - mean(second) with Welch's interval."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    value, n = float(a.mean() - b.mean()), min(len(a), len(b))
    if n < 2:
        return Estimate(value, None, None, n, DIFFERENCE_SOURCE)
    va, vb = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    if va + vb == 0.0:
        return Estimate(value, value, value, n, DIFFERENCE_SOURCE)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = _quantile(freedom) * float(np.sqrt(va + vb))
    return Estimate(value, value - half, value + half, n, DIFFERENCE_SOURCE)


def _quantile(freedom: float) -> float:
    return float(student.ppf(0.5 + CONFIDENCE / 2.0, freedom))
