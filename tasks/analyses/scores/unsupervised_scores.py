"""Scores without attributes: dependence between dimensions, and agreement between seeds (UDR).

Definitions as in disentanglement_lib (Locatello et al. 2019). UDR: Duan et al. 2020, "Unsupervised model
selection for variational disentangled representation learning".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from latent_audit.tasks.analyses.scores.information_scores import HISTOGRAM_BINS, histogram_bins
from latent_audit.tasks.analyses.statistics.mutual_information import information_nats, joint_tables

Floats = NDArray[np.float64]
# Dimensions below this many nats are left out of UDR, as in the paper's code.
UDR_MIN_KL_NATS = 0.01


@dataclass(frozen=True)
class UnsupervisedScores:
    """Dependence between the dimensions of a code; each is 0 for independent dimensions.

    Total correlation and mean pairwise mutual information in nats; the normalised Wasserstein correlation
    is the plain one by the total variance. Constant dimensions depend on nothing and are left out of the
    two Gaussian scores.
    """

    gaussian_total_correlation_nats: float
    gaussian_wasserstein_correlation: float
    gaussian_wasserstein_correlation_normalised: float
    mutual_information_nats: float


def unsupervised_scores(codes: NDArray[np.floating], bins: int = HISTOGRAM_BINS) -> UnsupervisedScores:
    """Returns the four scores of dependence between dimensions (Locatello et al. 2019, appendix).

    Args:
        codes: array (n, d), one code a row.
        bins: equal-width bins of each dimension, for mutual information.

    Returns:
        Total correlation and mutual information in nats, and the Wasserstein correlation; 0 is independence.

    Raises:
        IndexError: codes are not two-dimensional.

    Example:
        >>> codes = np.random.default_rng(0).normal(size=(2000, 3))
        >>> unsupervised_scores(codes).gaussian_total_correlation_nats < 0.01
        True
        >>> unsupervised_scores(codes @ np.ones((3, 3)) + codes).gaussian_total_correlation_nats > 0.5
        True
    """
    codes = np.asarray(codes, dtype=np.float64)
    dimensions = codes.shape[1]
    varied = codes[:, codes.std(axis=0) > 0.0]
    total = wasserstein = variance = 0.0
    if varied.shape[1] > 0:
        covariance = np.atleast_2d(np.cov(varied.T))
        total = gaussian_total_correlation(covariance)
        wasserstein = gaussian_wasserstein_correlation(covariance)
        variance = float(np.trace(covariance))
    binned = np.stack([histogram_bins(column, bins) for column in codes.T], axis=1)
    information = information_nats(joint_tables(binned, bins, binned, bins), corrected=False)
    np.fill_diagonal(information, 0.0)
    pairs = max(dimensions * dimensions - dimensions, 1)
    return UnsupervisedScores(
        total,
        wasserstein,
        wasserstein / variance if variance > 0.0 else 0.0,
        float(information.sum() / pairs),
    )


def gaussian_total_correlation(covariance: Floats) -> float:
    """Returns KL(N(0, C) || N(0, diag C)) in nats of a covariance (d, d); infinite where it is singular."""
    return float(0.5 * (np.log(np.diag(covariance)).sum() - np.linalg.slogdet(covariance)[1]))


def gaussian_wasserstein_correlation(covariance: Floats) -> float:
    """Returns the squared 2-Wasserstein distance between N(0, C) and N(0, diag C)."""
    spread = np.sqrt(np.diag(covariance))
    # The trace of the root of C diag(C), by the eigenvalues of a symmetric matrix that has the same ones.
    eigenvalues = np.linalg.eigvalsh(covariance * spread[:, None] * spread[None, :])
    return float(2.0 * np.trace(covariance) - 2.0 * np.sqrt(np.maximum(eigenvalues, 0.0)).sum())


@dataclass(frozen=True)
class Udr:
    """Score of each model (m,), the median agreement with the others; pairwise (m, m), diagonal 0."""

    scores: Floats
    pairwise: Floats


def udr(
    codes: Sequence[NDArray[np.floating]],
    kl_nats: Sequence[Floats],
    correlation: Literal["lasso", "spearman"] = "lasso",
    seed: int = 0,
    least_kl_nats: float = UDR_MIN_KL_NATS,
) -> Udr:
    """Returns the unsupervised disentanglement ranking of models (Duan et al. 2020, equation 2).

    Args:
        codes: for each model an array (n, d), codes of the same images.
        kl_nats: for each model the mean KL of each dimension (d,), in nats.
        correlation: how dimensions of two models are compared.
        seed: of the regressions.
        least_kl_nats: dimensions below it are left out.

    Returns:
        For each model its median agreement with the others, 0 to 1, and the agreement of each pair.

    Raises:
        ValueError: fewer than two models.

    Example:
        >>> codes = np.random.default_rng(0).normal(size=(500, 3))
        >>> found = udr([codes, codes[:, ::-1]], [np.ones(3), np.ones(3)], "spearman")
        >>> bool(found.scores.min() > 0.7)  # the same dimensions in another order
        True
    """
    if len(codes) < 2:
        raise ValueError(f"UDR compares seeds of a model and needs at least two; got {len(codes)}")
    active = [np.asarray(kl) > least_kl_nats for kl in kl_nats]
    scaled = [_standardised(c) * keep for c, keep in zip(codes, active, strict=True)]
    pairwise = np.zeros((len(codes), len(codes)))
    for a in range(len(codes)):
        for b in range(len(codes)):
            if a == b:
                continue
            lasso = correlation == "lasso"
            matrix = _lasso(scaled[a], scaled[b], seed) if lasso else _spearman(scaled[a], scaled[b])
            pairwise[a, b] = relative_strength(matrix[active[a]][:, active[b]])
    scores = [np.median(np.delete(pairwise[:, a], a)) for a in range(len(codes))]
    return Udr(np.asarray(scores), pairwise)


def relative_strength(matrix: Floats) -> float:
    """Returns how far each row and column of absolute correlations is one entry: mean of max^2 / sum, 0 to 1."""
    if matrix.size == 0:
        return 0.0
    sides = []
    for axis in (0, 1):
        total = matrix.sum(axis=axis)
        strength = np.divide(matrix.max(axis=axis) ** 2, total, out=np.zeros_like(total), where=total > 0.0)
        sides.append(strength.mean())
    return float(np.mean(sides))


def _standardised(codes: NDArray[np.floating]) -> Floats:
    codes = np.asarray(codes, dtype=np.float64)
    spread = codes.std(axis=0)
    return np.asarray((codes - codes.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0))


def _lasso(first: Floats, second: Floats, seed: int) -> Floats:
    """Returns absolute weights (d of first, d of second) of a lasso from one code to the other."""
    model = Lasso(alpha=0.1, random_state=seed).fit(first, second)
    return np.abs(np.asarray(model.coef_)).reshape(second.shape[1], -1).T


def _spearman(first: Floats, second: Floats) -> Floats:
    a, b = _standardised(rankdata(first, axis=0)), _standardised(rankdata(second, axis=0))
    return np.asarray(np.abs(a.T @ b) / len(a))
