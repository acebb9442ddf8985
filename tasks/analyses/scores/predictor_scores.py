"""DCI, SAP and explicitness: scores of predictors fitted on codes, with disentanglement_lib's estimators.

DCI: Eastwood and Williams 2018, "A framework for the quantitative evaluation of disentangled
representations". SAP: Kumar et al. 2018, "Variational inference of disentangled latent concepts from
unlabeled observations". Explicitness: Ridgeway and Mozer 2018.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy
from sklearn.base import ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from latent_audit.tasks.analyses.statistics.probe_scores import auroc

Floats = NDArray[np.float64]
Codes = NDArray[np.floating]
Factors = NDArray[np.integer]


@dataclass(frozen=True)
class Dci:
    """Disentanglement, completeness and informativeness (accuracy), each 0 to 1, and their importances (d, k).

    disentanglement is NaN for one attribute, completeness is NaN for one dimension.
    """

    disentanglement: float
    completeness: float
    informativeness_train: float
    informativeness_test: float
    importance: Floats


@dataclass(frozen=True)
class Sap:
    """Mean gap between the two best dimensions of each factor, 0 to 1, and the score matrix (d, k)."""

    score: float
    matrix: Floats


@dataclass(frozen=True)
class Explicitness:
    """Mean one-against-rest AUROC over classes and factors, 0 to 1, on both parts; chance is 0.5."""

    score_train: float
    score_test: float


def dci(fit_codes: Codes, fit_factors: Factors, test_codes: Codes, test_factors: Factors, seed: int) -> Dci:
    """Returns DCI by gradient boosting, the estimator of published values (minutes on 10,000 images).

    Args:
        fit_codes: codes (n, d) that predictors are fitted on.
        fit_factors: their factors, whole numbers (n, k).
        test_codes: codes (m, d) that are scored.
        test_factors: their factors (m, k).
        seed: of the trees.

    Returns:
        Disentanglement, completeness and informativeness (Eastwood and Williams 2018, section 2), each 0 to 1.

    Raises:
        ValueError: a factor has one level only in the fitting part.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> parts = codes[:500], factors[:500], codes[500:], factors[500:]
        >>> dci(*(part[:100] for part in parts), seed=0).disentanglement > 0.95
        True
    """
    return _dci(
        lambda: GradientBoostingClassifier(random_state=seed),
        fit_codes,
        fit_factors,
        test_codes,
        test_factors,
    )


def dci_extra_trees(
    fit_codes: Codes, fit_factors: Factors, test_codes: Codes, test_factors: Factors, seed: int
) -> Dci:
    """Returns DCI by extremely randomised trees: seconds, not comparable with published values.

    Leaves hold at least five images and every split sees all dimensions, so that importances go to the
    dimensions that decide and not to whichever a split was offered.

    Args:
        fit_codes: codes (n, d) that predictors are fitted on.
        fit_factors: their factors, whole numbers (n, k).
        test_codes: codes (m, d) that are scored.
        test_factors: their factors (m, k).
        seed: of the trees.

    Returns:
        Disentanglement, completeness and informativeness (Eastwood and Williams 2018, section 2), each 0 to 1.

    Raises:
        ValueError: codes and factors have different numbers of rows.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> parts = codes[:500], factors[:500], codes[500:], factors[500:]
        >>> dci_extra_trees(*parts, seed=0).completeness > 0.95
        True
    """
    return _dci(
        lambda: ExtraTreesClassifier(
            n_estimators=20, min_samples_leaf=5, max_features=None, random_state=seed
        ),
        fit_codes,
        fit_factors,
        test_codes,
        test_factors,
    )


def _dci(
    make: Callable[[], ClassifierMixin],
    fit_codes: Codes,
    fit_factors: Factors,
    test_codes: Codes,
    test_factors: Factors,
) -> Dci:
    importance = np.zeros((fit_codes.shape[1], fit_factors.shape[1]))
    right_fit, right_test = [], []
    for k in range(fit_factors.shape[1]):
        model = make().fit(fit_codes, fit_factors[:, k])
        importance[:, k] = np.abs(model.feature_importances_)
        right_fit.append(np.mean(model.predict(fit_codes) == fit_factors[:, k]))
        right_test.append(np.mean(model.predict(test_codes) == test_factors[:, k]))
    return Dci(
        disentanglement(importance),
        completeness(importance),
        float(np.mean(right_fit)),
        float(np.mean(right_test)),
        importance,
    )


def disentanglement(importance: Floats) -> float:
    """Returns 1 - H_k(row) of an importance matrix (d, k), weighted by each row's share of importance.

    NaN for one attribute, whose entropy cannot be normalised: log(k) is 0.
    """
    if importance.shape[1] == 1:
        return float("nan")
    per_dimension = 1.0 - entropy(importance.T + 1e-11, base=importance.shape[1])
    return _weighted(per_dimension, importance, axis=1)


def completeness(importance: Floats) -> float:
    """Returns 1 - H_d(column) of an importance matrix (d, k), weighted by each column's share of importance.

    NaN for one dimension, whose entropy cannot be normalised: log(d) is 0.
    """
    if importance.shape[0] == 1:
        return float("nan")
    per_factor = 1.0 - entropy(importance + 1e-11, base=importance.shape[0])
    return _weighted(per_factor, importance, axis=0)


def _weighted(scores: Floats, importance: Floats, axis: int) -> float:
    if importance.sum() == 0.0:
        importance = np.ones_like(importance)
    return float(np.sum(scores * importance.sum(axis=axis) / importance.sum()))


def sap(
    fit_codes: Codes,
    fit_factors: Factors,
    test_codes: Codes | None = None,
    test_factors: Factors | None = None,
    seed: int = 0,
) -> Sap:
    """Returns the separated attribute predictability (Kumar et al. 2018, section 3) of codes and factors.

    With a test part: factors are classes, a linear support vector classifier per cell (C = 0.01, balanced),
    test accuracy. Without one: factors are numbers, squared correlation.

    Args:
        fit_codes: codes (n, d).
        fit_factors: their factors, whole numbers (n, k).
        test_codes: codes (m, d) that are scored, or None.
        test_factors: their factors (m, k), or None.
        seed: of the classifiers.

    Returns:
        The mean gap between the two best dimensions of each factor, 0 to 1, and the score of each cell (d, k).

    Raises:
        ValueError: a factor has one level only.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> round(sap(codes, factors).score, 1)
        1.0
    """
    if test_codes is None or test_factors is None:
        matrix = _squared_correlations(np.asarray(fit_codes, np.float64), np.asarray(fit_factors, np.float64))
    else:
        matrix = np.zeros((fit_codes.shape[1], fit_factors.shape[1]))
        for j, k in np.ndindex(*matrix.shape):
            model = LinearSVC(C=0.01, class_weight="balanced", random_state=seed)
            model.fit(fit_codes[:, j : j + 1], fit_factors[:, k])
            matrix[j, k] = np.mean(model.predict(test_codes[:, j : j + 1]) == test_factors[:, k])
    # A single dimension has no runner-up; it is held against nothing.
    ranked = np.sort(matrix if len(matrix) > 1 else np.vstack([matrix, np.zeros_like(matrix)]), axis=0)
    return Sap(float(np.mean(ranked[-1] - ranked[-2])), matrix)


def _squared_correlations(codes: Floats, factors: Floats) -> Floats:
    n = len(codes)
    code_variance, factor_variance = codes.var(axis=0, ddof=1), factors.var(axis=0, ddof=1)
    covariance = (codes - codes.mean(axis=0)).T @ (factors - factors.mean(axis=0)) / (n - 1)
    product = code_variance[:, None] * factor_variance[None, :]
    known = (code_variance[:, None] > 1e-12) & (factor_variance[None, :] > 0.0)
    return np.divide(covariance**2, product, out=np.zeros_like(product), where=known)


def explicitness(
    fit_codes: Codes, fit_factors: Factors, test_codes: Codes, test_factors: Factors
) -> Explicitness:
    """Returns the explicitness of standardised codes by logistic regression; constant dimensions tell nothing.

    Args:
        fit_codes: codes (n, d) that predictors are fitted on.
        fit_factors: their factors, whole numbers (n, k).
        test_codes: codes (m, d) that are scored.
        test_factors: their factors (m, k).

    Returns:
        Mean one-against-rest AUROC over classes and factors (Ridgeway and Mozer 2018, section 3.2); chance is 0.5.

    Raises:
        ValueError: codes and factors have different numbers of rows.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(1000, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(1000, 2))
        >>> parts = codes[:500], factors[:500], codes[500:], factors[500:]
        >>> explicitness(*parts).score_test > 0.9
        True
    """
    mean, spread = fit_codes.mean(axis=0), fit_codes.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    fit, test = (fit_codes - mean) / scale, (test_codes - mean) / scale
    train_scores, test_scores = [], []
    for k in range(fit_factors.shape[1]):
        model = LogisticRegression(max_iter=1000).fit(fit, fit_factors[:, k])
        train_scores.append(_one_against_rest(model, fit, fit_factors[:, k]))
        test_scores.append(_one_against_rest(model, test, test_factors[:, k]))
    return Explicitness(float(np.mean(train_scores)), float(np.mean(test_scores)))


def _one_against_rest(model: LogisticRegression, codes: Codes, labels: NDArray[np.integer]) -> float:
    probabilities = model.predict_proba(codes)
    scores = [
        auroc((labels == label).astype(np.float64), probabilities[:, column])
        for column, label in enumerate(model.classes_)
    ]
    return float(np.nanmean(scores))
