"""Check B of coordinates: whether the coordinate is the attribute's own, and what else it tells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.conditional_information import (
    conditional_uncertainty,
    resampled_tables,
)
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.mutual_information import entropy_nats, uncertainty_coefficient

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
SOURCE = "bootstrap over images"
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
    binned: Bins, levels: Bins, given: Bins, shuffles: int, rng: np.random.Generator
) -> tuple[float | None, float]:
    """Returns I(z; a | b) / H(a | b) with chance taken off, None where nothing is left, and the p-value of none."""
    tables = resampled_tables(binned, levels, given, np.arange(len(levels))[None])
    found = conditional_uncertainty(binned, levels, given, shuffles, tables, rng)
    value = found.estimate.value
    return (None if np.isnan(value) else value), found.p_value


def left_open(levels: Bins, given: Bins) -> float:
    """Returns H(a | b) / H(a) of levels and conditioning levels, each (n,)."""
    table = np.zeros((int(given.max()) + 1, int(levels.max()) + 1))
    np.add.at(table, (given, levels), 1.0)
    whole = float(entropy_nats(table.sum(axis=0)))
    return float(entropy_nats(table, axis=(0, 1)) - entropy_nats(table.sum(axis=1))) / max(whole, 1e-12)


def measure_gap(
    names: Sequence[str],
    levels: Bins,
    attribute: int,
    own: Bins,
    competitors: Sequence[Competitor],
    draws: Bins,
    undecidable_below: float,
    rng: np.random.Generator,
) -> Gap:
    """Returns the gap of a coordinate `own` (n,) of one attribute; levels (n, k) of all of them.

    draws: (resamples, n) rows, for the interval. undecidable_below: the share of the attribute that must be left open
    by another one for a coordinate of that one to be told apart.
    """
    target = levels[:, attribute]
    own_told, own_samples = _told(own, target, draws)
    strongest: tuple[float, Floats, str | None, str | None] = (0.0, np.zeros(len(draws)), None, None)
    undecidable: list[str] = []
    for other in competitors:
        told, samples = _told(other.binned, target, draws)
        claimant = None
        for b in other.claimed_by:
            if left_open(target, levels[:, b]) < undecidable_below:
                undecidable.append(names[b])
                told, samples, claimant = 0.0, np.zeros(len(draws)), names[b]
                continue
            beyond, beyond_samples = _told_beyond(other.binned, target, levels[:, b], draws, rng)
            if beyond < told:
                told, samples, claimant = beyond, beyond_samples, names[b]
        if told > strongest[0]:
            strongest = (told, samples, other.name, claimant)
    value = own_told - strongest[0]
    low, high = centred_interval(np.asarray(value), own_samples - strongest[1])
    estimate = Estimate(value, float(low), float(high), len(levels), SOURCE)
    return Gap(estimate, strongest[2], strongest[3], tuple(dict.fromkeys(undecidable)))


def _told(binned: Bins, levels: Bins, draws: Bins) -> tuple[float, Floats]:
    shape = (int(levels.max()) + 1, int(binned.max()) + 1)
    cells = levels * shape[1] + binned
    size = shape[0] * shape[1]
    value = float(uncertainty_coefficient(np.bincount(cells, minlength=size).reshape(shape)))
    drawn = np.stack([np.bincount(cells[rows], minlength=size) for rows in draws]).reshape(-1, *shape)
    return max(value, 0.0), uncertainty_coefficient(drawn, False)


def _told_beyond(
    binned: Bins, levels: Bins, given: Bins, draws: Bins, rng: np.random.Generator
) -> tuple[float, Floats]:
    """Returns I(z; a | b) / H(a) with chance taken off, and plug-in values of resampled images."""
    whole = max(float(entropy_nats(np.bincount(levels))), 1e-12)

    def information(cells: Bins) -> float:
        table = np.bincount(cells, minlength=size).reshape(shape)
        joint = (
            entropy_nats(table, axis=(1, 2)),
            entropy_nats(table.sum(axis=2)),
            entropy_nats(table.sum(axis=1)),
        )
        weights = table.sum(axis=(1, 2)) / max(table.sum(), 1)
        return float((weights * (joint[1] + joint[2] - joint[0])).sum()) / whole

    shape = int(given.max()) + 1, int(levels.max()) + 1, int(binned.max()) + 1
    size = shape[0] * shape[1] * shape[2]
    base = given * shape[1] * shape[2] + binned
    cells = base + levels * shape[2]
    order = np.argsort(given, kind="stable")
    chance = []
    for _ in range(_SHUFFLES):
        within = np.argsort(given + rng.random(len(given)))
        chance.append(information(base[order] + levels[within] * shape[2]))
    value = information(cells) - float(np.mean(chance))
    return max(value, 0.0), np.array([information(cells[rows]) for rows in draws])
