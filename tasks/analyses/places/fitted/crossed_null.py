"""p-values of coordinates that were fitted in folds: the whole cross-fit is done again for each shuffle of labels.

Predictions of a fold were learnt from the labels of the others, so that fixed predictions against shuffled labels are
no valid test. Here probes are linear in the labels (ridge regression of a code, or of rectified random features of it),
so that each refit is one product with a matrix that no shuffle changes. The statistic is the plug-in information
between the levels of an attribute and its out-of-fold predictions; one family over all coordinates (Westfall and Young
1993, step-down max-T).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import standardised, step_down_p_values
from latent_audit.tasks.analyses.places.random_features import features_of
from latent_audit.tasks.analyses.statistics.binning import fit_code_bins
from latent_audit.tasks.analyses.statistics.folds import FOLDS
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import information_nats, joint_tables

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
BINS = 8
# Of the variance of a standardised column: what few images can afford to learn.
RIDGE = 0.1
SHUFFLES = 199


@dataclass(frozen=True)
class Coordinate:
    """A coordinate of attribute k: of one dimension of the code, or of a probe of some columns.

    dimension: its column; None for a probe. columns: what a probe reads. bends: whether it reads random features.
    """

    k: int
    columns: tuple[int, ...]
    dimension: int | None = None
    bends: bool = False


def crossed_p_values(
    coordinates: Sequence[Coordinate],
    targets: Sequence[Floats],
    levels: Bins,
    codes: Floats,
    folds: NDArray[np.int8],
    groups: ImageGroups,
    seed: int,
    shuffles: int = SHUFFLES,
) -> list[float]:
    """Returns the family-wise p-value of each coordinate.

    targets: (n, c) of each attribute, NaN where an image has none. levels: (n, k), negative where it has none. codes:
    (n, d) standardised. A single dimension is held against the best one of each shuffle, since it was chosen.
    """
    if not coordinates:
        return []
    rng = np.random.default_rng([seed, 31])
    rows, orders = _orders(groups, shuffles, rng)
    statistic = _Statistics(coordinates, targets, levels, codes[rows], folds[rows], rows, seed)
    found = np.array([statistic.of(order, is_data=place == 0) for place, order in enumerate(orders)])
    return [float(p) for p in step_down_p_values(standardised(found))]


def _orders(groups: ImageGroups, shuffles: int, rng: np.random.Generator) -> tuple[Bins, list[Bins]]:
    """Returns the rows (m,) that take part, and the rows whose labels they take: as they are, then shuffled."""
    n = len(groups.labels)
    if groups.are_single_images:
        return np.arange(n), [np.arange(n), *(rng.permutation(n) for _ in range(shuffles))]
    exchange = groups.exchange(rng)
    return exchange.rows, [exchange.rows, *(exchange.shuffled(rng) for _ in range(shuffles))]


class _Statistics:
    """The information of every coordinate for one order of the labels."""

    def __init__(
        self,
        coordinates: Sequence[Coordinate],
        targets: Sequence[Floats],
        levels: Bins,
        codes: Floats,
        folds: NDArray[np.int8],
        rows: Bins,
        seed: int,
    ) -> None:
        self._coordinates, self._levels = coordinates, levels
        self._level_count = int(levels.max()) + 1
        self._targets = [_standardised_targets(target, target[rows]) for target in targets]
        self._inside = [np.flatnonzero(folds == fold) for fold in range(FOLDS)]
        self._binned = fit_code_bins(codes, BINS).apply(codes)
        self._smoothers: dict[tuple[tuple[int, ...], bool], Floats] = {}
        for found in coordinates:
            key = found.columns, found.bends
            if found.dimension is None and key not in self._smoothers:
                columns = codes[:, list(found.columns)]
                read = features_of(columns, seed).astype(np.float64) if found.bends else columns
                self._smoothers[key] = smoother(read, folds)

    def of(self, order: Bins, is_data: bool) -> list[float]:
        """Returns a number for each coordinate."""
        levels = self._levels[order]
        alone = None
        found = []
        for one in self._coordinates:
            if one.dimension is not None:
                if alone is None:
                    tables = joint_tables(levels, self._level_count, self._binned, BINS)
                    alone = information_nats(tables, corrected=False)
                among = list(one.columns)
                found.append(float(alone[one.k, one.dimension] if is_data else alone[one.k, among].max()))
                continue
            predicted = self._smoothers[one.columns, one.bends] @ self._targets[one.k][order]
            binned = self._bins(predicted)
            table = joint_tables(
                levels[:, [one.k]], self._level_count, binned[:, None], int(binned.max()) + 1
            )
            found.append(float(information_nats(table, corrected=False)[0, 0]))
        return found

    def _bins(self, predicted: Floats) -> Bins:
        """Returns (m,): the rank of a prediction within its fold, the angle of two columns, the largest of several."""
        if predicted.shape[1] > 2:
            return np.asarray(predicted.argmax(axis=1))
        if predicted.shape[1] == 2:
            turns = np.mod(np.arctan2(predicted[:, 1], predicted[:, 0]) / (2.0 * np.pi), 1.0)
            return np.minimum((turns * BINS).astype(np.int64), BINS - 1)
        found = np.empty(len(predicted), np.int64)
        for inside in self._inside:
            ranks = predicted[inside, 0].argsort(kind="stable").argsort(kind="stable")
            found[inside] = ranks * BINS // max(len(inside), 1)
        return found


def _standardised_targets(target: Floats, taking: Floats) -> Floats:
    """Returns targets with mean 0 and standard deviation 1 over those that take part; 0 where an image has none."""
    mean, spread = np.nanmean(taking, axis=0), np.nanstd(taking, axis=0)
    return np.nan_to_num((target - mean) / np.where(spread > 0.0, spread, 1.0), nan=0.0)


def smoother(read: Floats, folds: NDArray[np.int8]) -> Floats:
    """Returns the matrix (n, n) that turns targets into out-of-fold predictions of a ridge regression on (n, d)."""
    found = np.zeros((len(read), len(read)))
    for inside, outside in _by_fold(folds):
        mean = read[outside].mean(axis=0)
        spread = read[outside].std(axis=0)
        scaled = (read - mean) / np.where(spread > 1e-9, spread, np.inf)
        fit, held_out = scaled[outside], scaled[inside]
        gram = fit.T @ fit / len(outside) + RIDGE * np.eye(read.shape[1])
        weights = held_out @ np.linalg.solve(gram, fit.T / len(outside))
        found[np.ix_(inside, outside)] = weights + 1.0 / len(outside)
    return found


def _by_fold(folds: NDArray[np.int8]) -> Iterator[tuple[Bins, Bins]]:
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(inside) and len(outside):
            yield inside, outside
