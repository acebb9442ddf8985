"""Scores of predictions and their bootstrap over images, without a loop over resamples."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def balanced_accuracy(truth: Floats, chosen: NDArray[np.integer]) -> float:
    """Returns the mean recall over the classes that occur in `truth` (n,); chance is 1 / classes."""
    return float(np.mean([(chosen[truth == label] == label).mean() for label in np.unique(truth)]))


def balanced_accuracy_resamples(
    truth: Floats, chosen: NDArray[np.integer], classes: int, weights: Floats
) -> Floats:
    """Returns balanced accuracy for each row of image weights (resamples, n)."""
    recalls = np.full((classes, len(weights)), np.nan)
    correct = (chosen == truth).astype(np.float64)
    for label in np.unique(truth).astype(np.int64):
        members = weights[:, truth == label]
        total = members.sum(axis=1)
        found = members @ correct[truth == label]
        recalls[label] = np.divide(found, total, out=np.full(len(weights), np.nan), where=total > 0)
    return np.asarray(np.nanmean(recalls[~np.isnan(recalls).all(axis=1)], axis=0))


def auroc(truth: Floats, scores: Floats) -> float:
    """Returns the probability that a positive scores above a negative, ties by half; NaN with one class only."""
    return float(auroc_resamples(truth, scores, np.ones((1, len(truth))))[0])


def auroc_resamples(truth: Floats, scores: Floats, weights: Floats) -> Floats:
    """Returns AUROC for each row of image weights (resamples, n); NaN where a class is missing."""
    distinct, group = np.unique(scores, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(distinct)))
    ordered = weights[:, order]
    positive = truth[order] > 0.5
    positives = np.add.reduceat(ordered * positive, starts, axis=1)
    negatives = np.add.reduceat(ordered * ~positive, starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    won = (positives * (below + 0.5 * negatives)).sum(axis=1)
    return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def r_squared(truth: Floats, predicted: Floats) -> float:
    """Returns 1 - squared error / variance of (n, columns), summed over columns; 0 for a constant truth."""
    return float(r_squared_resamples(truth, predicted, np.ones((1, len(truth))))[0])


def r_squared_resamples(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Returns R2 for each row of image weights (resamples, n); each about its own resample's mean."""
    total = weights.sum(axis=1)
    error = weights @ ((truth - predicted) ** 2).sum(axis=1)
    centred = truth - truth.mean(axis=0)
    spread = weights @ (centred**2).sum(axis=1) - ((weights @ centred) ** 2).sum(axis=1) / total
    return np.asarray(1.0 - np.divide(error, spread, out=np.ones_like(error), where=spread > 1e-12))
