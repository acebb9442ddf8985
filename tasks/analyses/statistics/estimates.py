"""Estimates with intervals, and the resampling from which the intervals are computed."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.vocabulary.reasons import Reason

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value, its 95 % interval, the number of observations, and the source of the interval.

    `low` and `high` are None where no interval exists (a single seed, an exact number).
    """

    value: float
    low: float | None
    high: float | None
    n: int
    source: str


@dataclass(frozen=True)
class NotApplicable:
    """The reason for a missing value."""

    not_applicable: Reason


def interval(samples: Floats, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
    """Returns the low and high percentiles of `samples` along the first axis; NaN samples are left out."""
    tail = 50.0 * (1.0 - confidence)
    if samples.size and np.isnan(samples).any():
        columns = samples.reshape(len(samples), -1)
        bounds = np.full((2, columns.shape[1]), np.nan)
        for column in range(columns.shape[1]):
            known = columns[~np.isnan(columns[:, column]), column]
            if known.size:
                bounds[:, column] = np.percentile(known, [tail, 100.0 - tail], method="weibull")
        return bounds[0].reshape(samples.shape[1:]), bounds[1].reshape(samples.shape[1:])
    # Weibull's position, rank / (n + 1): numpy's default is too narrow for a few hundred resamples.
    low, high = np.percentile(samples, [tail, 100.0 - tail], axis=0, method="weibull")
    return np.asarray(low), np.asarray(high)


def centred_interval(
    value: Floats, samples: Floats, confidence: float = CONFIDENCE, correction_error: Floats | float = 0.0
) -> tuple[Floats, Floats]:
    """Returns value -/+ 1.96 standard deviations of `samples` (first axis), the bootstrap's standard error.

    For plug-in entropies: they are biased once in the data and once more in every resample, so that the
    spread of the resamples is right and their percentiles are not. correction_error: standard error of the correction
    of the bias in `value`, independent of that of the resamples.
    """
    half = _standard_errors(confidence) * np.hypot(samples.std(axis=0), correction_error)
    return np.asarray(value - half), np.asarray(value + half)


@cache
def _standard_errors(confidence: float) -> float:
    """Returns how many standard errors an interval reaches to either side: 1.96 at 0.95."""
    return float(norm.ppf(0.5 + confidence / 2.0))


def from_samples(value: float, samples: Floats, n: int, source: str, fewest: int | None = None) -> Estimate:
    """Returns an estimate whose interval is the percentile interval of the one-dimensional `samples`.

    fewest: observations of the rarest class, where the value depends on the mean of each class: percentiles of few
    observations are too narrow, and are taken further out (expanded_confidence).
    """
    confidence = CONFIDENCE if fewest is None else expanded_confidence(fewest)
    low, high = interval(np.asarray(samples, dtype=np.float64), confidence)
    return Estimate(float(value), float(low), float(high), int(n), source)


@cache
def expanded_confidence(fewest: int) -> float:
    """Returns the nominal confidence, 0 to 1, at which percentiles of resamples of `fewest` observations hold 95 %.

    Hesterberg (2015), "What teachers should know about the bootstrap", section 5.3: Student's quantile in place of the
    normal one, and the bootstrap's missing factor n / (n - 1).
    """
    if fewest < 2:
        return 1.0
    tail = student.ppf(0.5 + CONFIDENCE / 2.0, fewest - 1) * np.sqrt(fewest / (fewest - 1))
    return float(2.0 * norm.cdf(tail) - 1.0)


def table_resamples(table: Counts, resamples: int, rng: np.random.Generator) -> Counts:
    """Returns bootstrap resamples of a table of counts, (resamples, *table.shape).

    Drawing n images with replacement and counting them again is one multinomial draw from the table.
    """
    flat = table.reshape(-1)
    total = int(flat.sum())
    filled = np.flatnonzero(flat)
    drawn = np.zeros((resamples, flat.size), dtype=np.int64)
    if total:
        drawn[:, filled] = rng.multinomial(total, flat[filled] / total, size=resamples)
    return drawn.reshape(resamples, *table.shape)


def mean_estimate(values: Floats, resamples: int, rng: np.random.Generator, source: str) -> Estimate:
    """Returns the mean of (n,) values with its percentile bootstrap interval over the values."""
    values = np.asarray(values, dtype=np.float64)
    weights = image_weights(len(values), resamples, rng)
    return from_samples(float(values.mean()), weights @ values / len(values), len(values), source)
