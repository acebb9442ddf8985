"""Which pairs of attributes get a term in the discriminator: those that take the most from its loss on held-out images.

After the ranking of Lou et al. 2013 ("Accurate intelligible models with pairwise interactions", FAST): each pair of
attributes is cut into cells, and one Newton step on the cells is held against one on the attributes alone, on images
that neither step has seen. A pair is chosen only if what it takes is above 0 for sure, all candidates taken together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]
# Cells of a number, at its quantiles, and of an angle.
_CUTS, _ANGLES = 5, 6
_RIDGE = 1.0  # of each cell, in units of the weight of one image: a cell of few images says little
_SIGNIFICANCE = 0.05  # of choosing any pair where none takes anything


@dataclass(frozen=True)
class ChosenPair:
    """Two attributes by number, and the nats a decision that their cells take from the loss, with standard error."""

    first: int
    second: int
    nats: float
    standard_error: float


@dataclass(frozen=True)
class Choice:
    """The pairs that were chosen, best first, out of how many, and on how many held-out images."""

    pairs: tuple[ChosenPair, ...]
    candidates: int
    images: int


def choose_pairs(
    presented: Floats,
    logits: Floats,
    is_real: NDArray[np.bool_],
    groups: Sequence[int],
    kinds: Sequence[str],
    most: int,
    rng: np.random.Generator,
) -> Choice:
    """Returns at most `most` pairs of attributes.

    presented (n, size): codes of held-out images and of samples, as the discriminator sees them; logits (n,): what it
    says without pairs. groups: the attribute of each dimension, numbered from 0; kinds: of each attribute.
    """
    groups_of = np.asarray(groups)
    cells = [_cells(presented[:, groups_of == attribute], kind) for attribute, kind in enumerate(kinds)]
    candidates = list(combinations(range(len(cells)), 2))
    is_fitted = rng.permutation(len(presented)) % 2 == 0
    fitted, scored = np.flatnonzero(is_fitted), np.flatnonzero(~is_fitted)
    images = int(is_real.sum())
    if not candidates or not len(fitted):
        return Choice((), len(candidates), images)
    probability = 1 / (1 + np.exp(-logits))
    slope, curvature = is_real - probability, probability * (1 - probability)
    before = _loss(logits[scored], is_real[scored])
    surely = float(norm.ppf(1 - _SIGNIFICANCE / len(candidates)))
    found = []
    for first, second in candidates:
        together, apart = _steps(cells[first], cells[second], slope, curvature, fitted)
        at = (cells[first][scored], cells[second][scored])
        with_pair = _loss(logits[scored] + together[at], is_real[scored])
        without = _loss(logits[scored] + apart[at], is_real[scored])
        # What the two attributes say apart their own terms can learn; a pair is held against the better of both.
        taken = (before if before.mean() < without.mean() else without) - with_pair
        error = float(taken.std(ddof=1) / np.sqrt(len(taken)))
        if taken.mean() > surely * error:
            found.append(ChosenPair(first, second, float(taken.mean()), error))
    found.sort(key=lambda pair: -pair.nats)
    return Choice(tuple(found[:most]), len(candidates), images)


def _cells(columns: Floats, kind: str) -> Cells:
    """Returns the cell (n,) of an attribute's columns (n, c): its class, a part of the circle, or of its range."""
    if kind == "categorical":
        return np.asarray(columns.argmax(axis=1))
    if kind == "binary":
        return np.asarray(columns[:, 0] > 0, dtype=np.int64)
    if kind == "cyclic":
        turns = np.mod(np.arctan2(columns[:, 1], columns[:, 0]) / (2 * np.pi), 1.0)
        return np.minimum((turns * _ANGLES).astype(np.int64), _ANGLES - 1)
    edges = np.quantile(columns[:, 0], np.linspace(0, 1, _CUTS + 1)[1:-1])
    return np.searchsorted(edges, columns[:, 0])


def _steps(
    first: Cells, second: Cells, slope: Floats, curvature: Floats, rows: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Returns the changes of the logit (cells of first, cells of second) of one Newton step: by cell, and additive."""
    shape = (int(first.max()) + 1, int(second.max()) + 1)
    flat = first[rows] * shape[1] + second[rows]
    gradient, weight = (
        np.bincount(flat, weights=values[rows], minlength=shape[0] * shape[1]).reshape(shape)
        for values in (slope, curvature)
    )
    # Additive: solves the normal equations of a row and a column effect over the same cells.
    size = shape[0] + shape[1]
    normal = np.zeros((size, size))
    normal[: shape[0], : shape[0]] = np.diag(weight.sum(axis=1))
    normal[shape[0] :, shape[0] :] = np.diag(weight.sum(axis=0))
    normal[: shape[0], shape[0] :] = weight
    normal[shape[0] :, : shape[0]] = weight.T
    effects = np.linalg.solve(
        normal + _RIDGE * np.eye(size), np.concatenate([gradient.sum(axis=1), gradient.sum(axis=0)])
    )
    apart = effects[: shape[0], None] + effects[None, shape[0] :]
    # What is left of the gradient after the additive step, by cell.
    together = apart + (gradient - weight * apart) / (weight + _RIDGE)
    return together, apart


def _loss(logits: Floats, is_real: NDArray[np.bool_]) -> Floats:
    """Returns the logistic loss (n,) of each decision in nats."""
    return np.asarray(np.logaddexp(0.0, np.where(is_real, -logits, logits)))
