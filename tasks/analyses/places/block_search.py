"""A block: the few dimensions that carry an attribute together, though no linear combination of them does."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.places.random_features import crossed_predictions
from latent_audit.tasks.analyses.statistics.binning import fit_code_bins
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
MAX_MEMBERS = 6
MAX_FITS = 60
SINGLES, PAIRS = 12, 6
# Coarse bins, so that a cell of a pair of dimensions holds images.
PAIR_BINS = 5
# Standard errors by which a member must better the prediction of held-out images: the best of a dozen useless
# dimensions betters it by one or two.
CLEAR = 3.0
# Of what the whole code explains: a member that adds less is not needed to draw the attribute.
MIN_GAIN = 0.01
SCREENED_PAIRS = 48
# Standard deviations beyond which a code is taken as so far away, when pairs are screened.
_FAR = 3.0


@dataclass(frozen=True)
class Candidates:
    """Dimensions that alone tell most of an attribute, and pairs that together do, best first."""

    singles: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


def find_candidates(codes: Floats, targets: Floats, levels: Bins, level_count: int) -> Candidates:
    """Returns the candidates among dimensions of standardised codes (n, d), by the uncertainty coefficient of levels.

    Pairs are screened first: those among the best single dimensions, and those whose products go with targets (n, c)
    most, since the sign or size of a product is what two dimensions carry that neither carries alone.
    """
    binned = fit_code_bins(codes, PAIR_BINS).apply(codes)
    column = levels[:, None]
    alone = uncertainty_coefficient(joint_tables(column, level_count, binned, PAIR_BINS))[0]
    singles = np.argsort(-alone, kind="stable")[:SINGLES]
    pairs = sorted({*_screened(codes, targets), *combinations(sorted(singles.tolist()), 2)})
    first, second = np.array(pairs).T
    joined = binned[:, first] * PAIR_BINS + binned[:, second]
    found = uncertainty_coefficient(joint_tables(column, level_count, joined, PAIR_BINS**2))[0]
    best_pairs = np.argsort(-found, kind="stable")[:PAIRS]
    return Candidates(
        tuple(int(j) for j in singles), tuple((int(first[p]), int(second[p])) for p in best_pairs)
    )


def _screened(codes: Floats, targets: Floats) -> list[tuple[int, int]]:
    """Returns the pairs of dimensions whose product is most correlated with a target."""
    bounded = np.clip(codes, -_FAR, _FAR)
    bounded = bounded - bounded.mean(axis=0)
    centred = targets - targets.mean(axis=0)
    strength = np.zeros((codes.shape[1], codes.shape[1]))
    for column in centred.T:
        strength = np.maximum(strength, np.abs(bounded.T @ (bounded * column[:, None])))
    first, second = np.triu_indices(codes.shape[1], 1)
    best = np.argsort(-strength[first, second], kind="stable")[:SCREENED_PAIRS]
    return [(int(first[p]), int(second[p])) for p in best]


class Search:
    """Forward selection with a backward step, on halves of probe_fit.

    codes: (n, d) standardised. targets: (n, c). half: bool (n,), each half is predicted by the probe of the other.
    """

    def __init__(self, codes: Floats, targets: Floats, half: NDArray[np.bool_], seed: int) -> None:
        self._codes, self._targets, self._half, self._seed = codes, targets, half, seed
        self._losses: dict[tuple[int, ...], Floats] = {}
        self._variance = max(float(((targets - targets.mean(axis=0)) ** 2).sum(axis=1).mean()), 1e-12)

    def losses(self, block: tuple[int, ...]) -> Floats:
        """Returns the squared error of each image (n,) when the dimensions of `block` are read."""
        if block not in self._losses:
            predicted = crossed_predictions(
                self._codes[:, list(block)], self._targets, self._half, self._seed
            )
            self._losses[block] = ((self._targets - predicted) ** 2).sum(axis=1)
        return self._losses[block]

    def explained(self, block: tuple[int, ...]) -> float:
        """Returns the share of the targets' variance that a block explains, at most 1."""
        return 1.0 - float(self.losses(block).mean()) / self._variance

    def find(self, candidates: Candidates, enough: float) -> tuple[int, ...]:
        """Returns the block, ascending: extended until it explains `enough`, or until nothing clearly betters it."""
        starts = [(candidates.singles[0],), *(tuple(sorted(pair)) for pair in candidates.pairs)]
        block = max(starts, key=self.explained)
        pool = dict.fromkeys((*candidates.singles, *(j for pair in candidates.pairs for j in pair)))
        while self.explained(block) < enough and len(block) < MAX_MEMBERS:
            room = MAX_FITS - MAX_MEMBERS - len(self._losses)
            tried = [tuple(sorted((*block, j))) for j in pool if j not in block][: max(room, 0)]
            if not tried:
                break
            best = max(tried, key=self.explained)
            if not self._is_better(best, block):
                break
            block = best
        return self._reduced(block)

    def _reduced(self, block: tuple[int, ...]) -> tuple[int, ...]:
        """Leaves out each member without which the prediction is not clearly worse, the least needed first."""
        while len(block) > 1:
            fewer = [tuple(j for j in block if j != left_out) for left_out in block]
            best = max(fewer, key=self.explained)
            if self._is_better(block, best):
                return block
            block = best
        return block

    def _is_better(self, larger: tuple[int, ...], smaller: tuple[int, ...]) -> bool:
        gain = self.losses(smaller) - self.losses(larger)
        error = float(gain.std()) / np.sqrt(len(gain))
        return float(gain.mean()) > max(CLEAR * error, MIN_GAIN * self._variance)
