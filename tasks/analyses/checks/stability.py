"""Check D, stability: tests whether the result holds for models trained with other seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import NOT_ASSESSED

Floats = NDArray[np.float64]
SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class AttributeStability:
    """Where an attribute was found with each seed, and how alike those dimensions order the same images."""

    attribute: str
    dimensions: tuple[int, ...]
    verdicts: tuple[str, ...]
    same_dimension_strength: float | None
    same_dimension: Estimate | None
    uncertainty: tuple[float, ...]


@dataclass(frozen=True)
class Stability:
    """Matched strength over all pairs of seeds, 0 to 1, and the attributes; or why it was not assessed."""

    model: str
    seeds: tuple[int, ...]
    status: Literal["assessed", "not_assessed"]
    reason: Reason
    matched_strength: Estimate | None
    attributes: tuple[AttributeStability, ...]


def compute(
    model: str,
    seeds: Sequence[int],
    codes: Sequence[NDArray[np.floating]],
    claimed_dimensions: Mapping[str, Sequence[int]],
    verdicts: Mapping[str, Sequence[str]],
    uncertainty: Mapping[str, Sequence[float]],
    seed: int,
    groups: Sequence[int],
    *,
    least_seeds: int,
    active: Sequence[NDArray[np.bool_]] | None = None,
    resamples: int = 200,
    image_groups: ImageGroups | None = None,
) -> Stability:
    """Returns how far seeds agree; `codes` are (n, d) of the same held-out images for each seed.

    The mappings give, per attribute, one claimed dimension, one verdict (of the other three checks) and one
    uncertainty coefficient per seed. Dimensions are matched by the Hungarian method on absolute Spearman
    correlation, a claimed member of a group of dimensions by all of its group; the matched strength is the
    mean over matched pairs, weak dimensions left out when `active` says which are in use. With fewer than
    `least_seeds` seeds the status is "not_assessed". image_groups: of the images; groups are drawn with replacement.
    """
    assessed = len(seeds) >= least_seeds
    why = (
        reason("stability.compared", seeds=str(len(seeds)), images=str(len(codes[0])))
        if assessed
        else reason("stability.too_few", seeds=str(len(seeds)), needed=str(least_seeds))
    )
    rng = np.random.default_rng(seed)
    ranks = [np.apply_along_axis(rankdata, 0, np.asarray(c, dtype=np.float64)) for c in codes]
    weights = (image_groups or ImageGroups.of(None, len(codes[0]))).weights(resamples, rng)
    attributes = []
    for name, dimensions in claimed_dimensions.items():
        labels = np.asarray(groups)
        claimed = [ranks[s][:, labels == labels[dimension]] for s, dimension in enumerate(dimensions)]
        same = _matched_strength(claimed, None, weights) if assessed else None
        attributes.append(
            AttributeStability(
                attribute=name,
                dimensions=tuple(int(dimension) for dimension in dimensions),
                verdicts=tuple(verdicts[name]),
                same_dimension_strength=None if same is None else same.value,
                same_dimension=same,
                uncertainty=tuple(float(value) for value in uncertainty[name]),
            )
        )
    matched = _matched_strength(ranks, active, weights) if assessed else None
    return Stability(
        model,
        tuple(seeds),
        "assessed" if assessed else NOT_ASSESSED,
        why,
        matched,
        tuple(attributes),
    )


def match(first: Floats, second: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Returns the dimension of `second` matched to each of `first` (n, d), and the absolute Spearman strengths.

    Constant dimensions correlate with nothing: their strength is 0.
    """
    strength = np.abs(_correlations(_ranked(first), _ranked(second)))
    rows, columns = linear_sum_assignment(-strength)
    return np.asarray(columns), strength[rows, columns]


def _ranked(codes: Floats) -> Floats:
    return np.apply_along_axis(rankdata, 0, np.asarray(codes, dtype=np.float64))


def _correlations(first: Floats, second: Floats) -> Floats:
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0))[:, None] * np.sqrt((b**2).sum(axis=0))[None, :]
    product = a.T @ b
    return np.asarray(np.divide(product, scale, out=np.zeros_like(product), where=scale > 1e-9))


def _matched_strength(
    ranks: Sequence[Floats], active: Sequence[NDArray[np.bool_]] | None, weights: Floats
) -> Estimate | None:
    pairs = []
    for a, b in combinations(range(len(ranks)), 2):
        first = ranks[a] if active is None else ranks[a][:, active[a]]
        second = ranks[b] if active is None else ranks[b][:, active[b]]
        if first.shape[1] == 0 or second.shape[1] == 0:
            continue
        rows, columns = linear_sum_assignment(-np.abs(_correlations(first, second)))
        pairs += [(first[:, i], second[:, j]) for i, j in zip(rows, columns, strict=True)]
    return _mean_strength(pairs, weights) if pairs else None


def _mean_strength(pairs: Sequence[tuple[Floats, Floats]], weights: Floats) -> Estimate:
    """Returns the mean absolute rank correlation of pairs of columns; ranks are not drawn anew."""
    plain = np.ones((1, weights.shape[1]))
    value = np.mean([np.abs(_weighted_correlation(a, b, plain))[0] for a, b in pairs])
    samples = np.mean([np.abs(_weighted_correlation(a, b, weights)) for a, b in pairs], axis=0)
    return from_samples(float(value), samples, weights.shape[1], SOURCE)


def _weighted_correlation(first: Floats, second: Floats, weights: Floats) -> Floats:
    a, b = first - first.mean(), second - second.mean()
    total = weights.sum(axis=1)
    moments = weights @ np.stack([a, b, a * a, b * b, a * b], axis=1) / total[:, None]
    covariance = moments[:, 4] - moments[:, 0] * moments[:, 1]
    spread = np.sqrt(
        np.maximum(moments[:, 2] - moments[:, 0] ** 2, 0.0)
        * np.maximum(moments[:, 3] - moments[:, 1] ** 2, 0.0)
    )
    return np.asarray(np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 1e-9))
