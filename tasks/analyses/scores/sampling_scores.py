"""FactorVAE and beta-VAE scores: predict a fixed factor from the codes of images that share it.

FactorVAE score: Kim and Mnih 2018, "Disentangling by factorising". beta-VAE score: Higgins et al. 2017,
"beta-VAE: learning basic visual concepts with a constrained variational framework".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
# As in the papers: images in a batch (pairs, for the beta-VAE score).
BATCH_IMAGES = 64
# Dimensions that hardly vary would win every vote for the least variance.
MIN_STANDARD_DEVIATION = 0.05
_POINTS_BATCH_SIZE = 1000


@dataclass(frozen=True)
class SamplingScore:
    """Accuracy, 0 to 1, on the votes that fitted the classifier and on new ones."""

    accuracy_train: float
    accuracy_test: float
    active_dimensions: int


class FactorSampler:
    """Draws rows of a data set that share one factor's level, in place of rendering images on demand.

    Rows are drawn with replacement. On a full factor grid, or an even sample of one, the other factors are
    then uniform and independent, as the scores assume.
    """

    def __init__(self, factors: NDArray[np.integer]) -> None:
        self.factors = factors
        self._order = [np.argsort(column, kind="stable") for column in factors.T]
        self._starts = [
            np.searchsorted(column[order], np.arange(column.max() + 2))
            for column, order in zip(factors.T, self._order, strict=True)
        ]

    def rows_like(self, factor: int, rows: Rows, rng: np.random.Generator) -> Rows:
        """Returns, for each of `rows`, a random row with the same level of `factor`."""
        starts = self._starts[factor]
        level = self.factors[rows, factor]
        first, count = starts[level], starts[level + 1] - starts[level]
        return self._order[factor][first + np.floor(rng.random(rows.shape) * count).astype(np.int64)]


def factor_vae_score(
    codes: NDArray[np.floating],
    factors: NDArray[np.integer],
    seed: int,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    variance_images: int = 10_000,
    batch_images: int = BATCH_IMAGES,
    least_standard_deviation: float = MIN_STANDARD_DEVIATION,
) -> SamplingScore:
    """Returns the accuracy of the majority vote from the least varying dimension to the fixed factor.

    Both accuracies are 0 without an active dimension.

    Args:
        codes: array (n, d), one code a row.
        factors: whole numbers (n, k), the level of each factor.
        seed: of the draws.
        train_votes: votes that the classifier is fitted on.
        test_votes: votes that it is scored on.
        variance_images: rows that the scale of each dimension is taken from.
        batch_images: rows behind one vote.
        least_standard_deviation: dimensions below it are not active.

    Returns:
        Accuracies, 0 to 1 (Kim and Mnih 2018, section 4).

    Raises:
        IndexError: codes or factors are not two-dimensional.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> factor_vae_score(codes, factors, seed=0, train_votes=200, test_votes=100).accuracy_test
        1.0
    """
    rng = np.random.default_rng(seed)
    codes = np.asarray(codes, dtype=np.float64)
    variances = codes[rng.integers(len(codes), size=variance_images)].var(axis=0, ddof=1)
    active = np.sqrt(variances) >= least_standard_deviation
    if not active.any():
        return SamplingScore(0.0, 0.0, 0)
    sampler = FactorSampler(factors)
    scaled = codes[:, active] / np.sqrt(variances[active])

    def votes(points: int) -> Floats:
        table = np.zeros((factors.shape[1], scaled.shape[1]))
        for factor, count in _points_per_factor(points, factors.shape[1], rng):
            first = rng.integers(len(codes), size=count)
            rows = sampler.rows_like(factor, np.repeat(first[:, None], batch_images, axis=1), rng)
            chosen = scaled[rows].var(axis=1, ddof=1).argmin(axis=1)
            table[factor] += np.bincount(chosen, minlength=scaled.shape[1])
        return table

    train, test = votes(train_votes), votes(test_votes)
    classifier, dimensions = train.argmax(axis=0), np.arange(scaled.shape[1])
    return SamplingScore(
        float(train[classifier, dimensions].sum() / train.sum()),
        float(test[classifier, dimensions].sum() / test.sum()),
        int(active.sum()),
    )


def beta_vae_score(
    codes: NDArray[np.floating],
    factors: NDArray[np.integer],
    seed: int,
    train_points: int = 10_000,
    test_points: int = 5_000,
    batch_pairs: int = BATCH_IMAGES,
) -> SamplingScore:
    """Returns the accuracy of logistic regression from mean absolute code differences to the shared factor.

    Args:
        codes: array (n, d), one code a row.
        factors: whole numbers (n, k), the level of each factor.
        seed: of the draws.
        train_points: differences that the regression is fitted on.
        test_points: differences that it is scored on.
        batch_pairs: pairs behind one difference.

    Returns:
        Accuracies, 0 to 1 (Higgins et al. 2017, section 3).

    Raises:
        IndexError: codes or factors are not two-dimensional.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> beta_vae_score(codes, factors, seed=0, train_points=200, test_points=100).accuracy_test > 0.95
        True
    """
    rng = np.random.default_rng(seed)
    codes = np.asarray(codes, dtype=np.float64)
    sampler = FactorSampler(factors)

    def points(total: int) -> tuple[Floats, NDArray[np.int64]]:
        features, labels = [], []
        for factor, count in _points_per_factor(total, factors.shape[1], rng):
            first = rng.integers(len(codes), size=(count, batch_pairs))
            second = sampler.rows_like(factor, first, rng)
            features.append(np.abs(codes[first] - codes[second]).mean(axis=1))
            labels.append(np.full(count, factor))
        return np.concatenate(features), np.concatenate(labels)

    train_features, train_labels = points(train_points)
    test_features, test_labels = points(test_points)
    if len(np.unique(train_labels)) < 2:
        return SamplingScore(1.0, 1.0, codes.shape[1])
    model = LogisticRegression(max_iter=1000).fit(train_features, train_labels)
    return SamplingScore(
        float(model.score(train_features, train_labels)),
        float(model.score(test_features, test_labels)),
        codes.shape[1],
    )


def _points_per_factor(points: int, factors: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Returns (factor, count) pieces of bounded size whose factors were drawn at random, `points` in all."""
    counts = np.bincount(rng.integers(factors, size=points), minlength=factors)
    return [
        (factor, min(_POINTS_BATCH_SIZE, int(counts[factor]) - done))
        for factor in range(factors)
        for done in range(0, int(counts[factor]), _POINTS_BATCH_SIZE)
    ]
