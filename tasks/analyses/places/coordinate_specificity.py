"""Check B of coordinates: whether the coordinate is the attribute's own, and what else it tells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.binning import MISSING
from latent_audit.tasks.analyses.statistics.conditional_information import (
    conditional_uncertainty,
    resampled_tables,
)
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import entropy_nats, uncertainty_coefficient
from latent_audit.tasks.analyses.statistics.resampled_counts import ResampledCounts

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# Behind the mean that is taken off as chance.
_SHUFFLES = 5


@dataclass(frozen=True)
class Conditioned:
    """What a coordinate tells of one attribute where another is held fixed, 0 to 1; None where nothing is left."""

    attribute: str
    value: float | None
    p_value: float


@dataclass(frozen=True)
class Gap:
    """The lead of a coordinate over its strongest competitor, as a share of the attribute's uncertainty.

    competitor: what it is held against. claimed_by: the attribute whose own it is: it counts with what it tells
    beyond that attribute; None: it is nobody's and counts in full. undecidable_by: attributes that leave so little of
    this one open that no gap could be shown.
    """

    estimate: Estimate
    competitor: str | None
    claimed_by: str | None
    undecidable_by: tuple[str, ...]


@dataclass(frozen=True)
class Competitor:
    """Another coordinate, bin numbers (n,), its name, and the columns of the attributes that claim it."""

    name: str
    binned: Bins
    claimed_by: tuple[int, ...]


def told_beyond(
    binned: Bins,
    levels: Bins,
    given: Bins,
    shuffles: int,
    rng: np.random.Generator,
    groups: ImageGroups | None = None,
) -> tuple[float | None, float]:
    """Returns I(z; a | b) / H(a | b) with chance taken off, None where nothing is left, and the p-value of none."""
    tables = resampled_tables(binned, levels, given, np.arange(len(levels))[None])
    found = conditional_uncertainty(binned, levels, given, shuffles, tables, rng, groups)
    value = found.estimate.value
    return (None if np.isnan(value) else value), found.p_value


def left_open(levels: Bins, given: Bins) -> float:
    """Returns H(a | b) / H(a) of levels and conditioning levels, each (n,)."""
    levels, given = _with_all(levels, given)
    table = np.zeros((int(given.max(initial=0)) + 1, int(levels.max(initial=0)) + 1))
    np.add.at(table, (given, levels), 1.0)
    whole = float(entropy_nats(table.sum(axis=0)))
    return float(entropy_nats(table, axis=(0, 1)) - entropy_nats(table.sum(axis=1))) / max(whole, 1e-12)


def measure_gap(
    names: Sequence[str],
    levels: Bins,
    attribute: int,
    own: Bins,
    competitors: Sequence[Competitor],
    draws: ResampledCounts,
    undecidable_below: float,
    rng: np.random.Generator,
    source: str = "bootstrap over images",
) -> Gap:
    """Returns the gap of a coordinate `own` (n,) of one attribute; levels (n, k) of all, negative where missing.

    draws: how often each image is drawn in each resample, for the interval. undecidable_below: the share of the
    attribute that must be left open by another one for a coordinate of that one to be told apart.
    """
    target = levels[:, attribute]
    strongest: tuple[float, Competitor | None, int | None] = (0.0, None, None)
    undecidable: list[str] = []
    told = [_told(other.binned, target) for other in competitors]
    for place in np.argsort(-np.array(told), kind="stable"):
        if told[place] <= strongest[0]:
            break  # what a coordinate tells beyond an attribute is no more than what it tells
        other, counted, claimant = competitors[place], told[place], None
        for b in other.claimed_by:
            if left_open(target, levels[:, b]) < undecidable_below:
                undecidable.append(names[b])
                beyond = 0.0
            else:
                beyond = _told_beyond(other.binned, target, levels[:, b], rng)
            if beyond < counted:
                counted, claimant = beyond, b
        if counted > strongest[0]:
            strongest = counted, other, claimant
    counted, competitor, claimant = strongest
    value = _told(own, target) - counted
    samples = _told_resampled(own, target, draws)
    if competitor is not None:
        samples = samples - (
            _told_resampled(competitor.binned, target, draws)
            if claimant is None
            else _beyond_resampled(competitor.binned, target, levels[:, claimant], draws)
        )
    low, high = centred_interval(np.asarray(value), samples)
    estimate = Estimate(value, float(low), float(high), int((target >= 0).sum()), source)
    return Gap(
        estimate,
        None if competitor is None else competitor.name,
        None if claimant is None else names[claimant],
        tuple(dict.fromkeys(undecidable)),
    )


def _with_all(*columns: Bins) -> list[Bins]:
    """Returns columns (n,) at the rows at which none is missing."""
    known = np.logical_and.reduce([column >= 0 for column in columns])
    return list(columns) if known.all() else [column[known] for column in columns]


def _told(binned: Bins, levels: Bins) -> float:
    binned, levels = _with_all(binned, levels)
    shape = (int(levels.max()) + 1, int(binned.max()) + 1)
    counts = np.bincount(levels * shape[1] + binned, minlength=shape[0] * shape[1]).reshape(shape)
    return max(float(uncertainty_coefficient(counts)), 0.0)


def _told_resampled(binned: Bins, levels: Bins, draws: ResampledCounts) -> Floats:
    """Returns plug-in uncertainty coefficients of resampled images, (resamples,)."""
    shape = (int(levels.max()) + 1, int(binned.max()) + 1)
    drawn = draws.of(np.where(levels < 0, MISSING, levels * shape[1] + binned), shape[0] * shape[1])
    return uncertainty_coefficient(drawn.reshape(-1, *shape), False)


class _Beyond:
    """Plug-in I(z; a | b) / H(a) of bin numbers, levels and conditioning levels, each (n,)."""

    def __init__(self, binned: Bins, levels: Bins, given: Bins) -> None:
        self._shape = int(given.max()) + 1, int(levels.max()) + 1, int(binned.max()) + 1
        self._whole = max(float(entropy_nats(np.bincount(levels[levels >= 0]))), 1e-12)
        self.width = self._shape[2]
        self.base = given * self._shape[1] * self._shape[2] + binned

        self.size = int(np.prod(self._shape))

    def of(self, cells: Bins) -> float:
        """Returns the share that a table of cell numbers gives."""
        return float(self.of_counts(np.bincount(cells, minlength=self.size)[None])[0])

    def of_counts(self, counts: Bins) -> Floats:
        """Returns the shares that counts (tables, cells) give."""
        tables = counts.reshape(-1, *self._shape)
        joint = entropy_nats(tables, axis=(2, 3))
        margins = entropy_nats(tables.sum(axis=3)) + entropy_nats(tables.sum(axis=2))
        of_given = tables.sum(axis=(2, 3))
        weights = of_given / np.maximum(of_given.sum(axis=1, keepdims=True), 1)
        return np.asarray((weights * (margins - joint)).sum(axis=1) / self._whole)


def _told_beyond(binned: Bins, levels: Bins, given: Bins, rng: np.random.Generator) -> float:
    """Returns I(z; a | b) / H(a) with chance taken off, at least 0."""
    binned, levels, given = _with_all(binned, levels, given)
    if not len(given):
        return 0.0
    beyond = _Beyond(binned, levels, given)
    order = np.argsort(given, kind="stable")
    chance = [
        beyond.of(beyond.base[order] + levels[np.argsort(given + rng.random(len(given)))] * beyond.width)
        for _ in range(_SHUFFLES)
    ]
    return max(beyond.of(beyond.base + levels * beyond.width) - float(np.mean(chance)), 0.0)


def _beyond_resampled(binned: Bins, levels: Bins, given: Bins, draws: ResampledCounts) -> Floats:
    """Returns plug-in shares of resampled images, (resamples,)."""
    beyond = _Beyond(binned, levels, given)
    cells = np.where((levels < 0) | (given < 0), MISSING, beyond.base + levels * beyond.width)
    return beyond.of_counts(draws.of(cells, beyond.size))
