"""Linear readers of a code: ridge, logistic and multinomial regression, their strength by cross-validation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# Of the mean loss, in standardised codes; strongest first, so that each fit starts from its neighbour's.
STRENGTHS = (1.0, 0.1, 0.01, 0.001, 0.0001)
FOLDS = 3


@dataclass(frozen=True)
class LinearReader:
    """Predicts columns (n, c) of scores: log-odds, class scores, standardised values, or cosine and sine.

    weights: (d, c). strength: of the penalty on half the sum of squared weights, beside the mean loss.
    """

    weights: Floats
    intercept: Floats
    strength: float
    classifies: bool

    def scores(self, codes: Floats) -> Floats:
        """Returns scores (n, c) of standardised codes (n, d)."""
        return codes @ self.weights + self.intercept

    def predicted(self, codes: Floats) -> Floats:
        """Returns scores in the unit of the targets: probabilities where it classifies."""
        return _mean_of(self.scores(codes), self.classifies)

    @property
    def filter(self) -> Floats:
        """The directions (d, r) that are read: orthonormal within those of a categorical attribute, whose scores
        have one rank less than classes.
        """
        if not self.classifies or self.weights.shape[1] == 1:
            return self.weights
        centred = self.weights - self.weights.mean(axis=1, keepdims=True)
        left, singular, _ = np.linalg.svd(centred, full_matrices=False)
        rank = min(self.weights.shape[1] - 1, int((singular > 1e-9 * max(singular.max(), 1e-300)).sum()))
        return np.asarray(left[:, :rank] * singular[:rank])


def fit_reader(attribute: Attribute, codes: Floats, targets: Floats, seed: int) -> LinearReader:
    """Returns the reader of targets (n, c) from standardised codes (n, d), fitted on these rows alone."""
    classifies = attribute.kind in ("binary", "categorical")
    fit = _classifier if classifies else ridge_path
    fold = np.random.default_rng(seed).permutation(len(codes)) % FOLDS
    losses = np.zeros(len(STRENGTHS))
    for held_out in range(FOLDS):
        inside, outside = fold != held_out, fold == held_out
        for place, (weights, intercept) in enumerate(fit(codes[inside], targets[inside])):
            scores = codes[outside] @ weights + intercept
            losses[place] += _loss(scores, targets[outside], classifies)
    best = int(losses.argmin())
    weights, intercept = fit(codes, targets)[best]
    return LinearReader(weights, intercept, STRENGTHS[best], classifies)


def resampled_weights(reader: LinearReader, codes: Floats, targets: Floats, counts: Floats) -> Floats:
    """Returns weights (resamples, d, c) of the reader on resampled images, counts (resamples, n).

    One Newton step from the weights of all images (the score bootstrap of Kline and Santos 2012).
    """
    n, d = codes.shape
    extended = np.concatenate([codes, np.ones((n, 1))], axis=1)
    predicted = reader.predicted(codes)
    residual = targets - predicted
    columns = residual.shape[1]
    penalty = np.full(d + 1, reader.strength)
    penalty[-1] = 1e-8
    scores = (residual[:, :, None] * extended[:, None, :]).reshape(n, -1)  # (n, c (d + 1))
    steps = ((counts - 1.0) @ scores / n).T
    if not reader.classifies:
        curvature = extended.T @ extended / n + np.diag(penalty)
        moved = np.linalg.solve(curvature, steps.reshape(columns, d + 1, -1))
    else:
        curvature = np.zeros((columns, d + 1, columns, d + 1))
        for i in range(columns):
            for j in range(i, columns):
                same = predicted[:, i] if i == j else 0.0
                weight = same - predicted[:, i] * predicted[:, j]
                block = (extended * np.reshape(weight, (-1, 1))).T @ extended / n
                curvature[i, :, j] = curvature[j, :, i] = block
        flat = curvature.reshape(columns * (d + 1), -1) + np.diag(np.tile(penalty, columns))
        moved = np.linalg.solve(flat, steps).reshape(columns, d + 1, -1)
    return np.asarray(reader.weights + moved[:, :d].transpose(2, 1, 0))


def ridge_path(codes: Floats, targets: Floats) -> list[tuple[Floats, Floats]]:
    """Returns weights (d, c) and intercept (c,) of ridge regression at each of STRENGTHS."""
    mean, centre = codes.mean(axis=0), targets.mean(axis=0)
    inner = codes - mean
    values, vectors = np.linalg.eigh(inner.T @ inner / len(codes))
    projected = vectors.T @ (inner.T @ (targets - centre) / len(codes))
    found = []
    for strength in STRENGTHS:
        weights = vectors @ (projected / (np.maximum(values, 0.0) + strength)[:, None])
        found.append((weights, centre - mean @ weights))
    return found


def _classifier(codes: Floats, targets: Floats) -> list[tuple[Floats, Floats]]:
    columns = targets.shape[1]
    parameters = np.zeros((codes.shape[1] + 1) * columns)
    found = []
    for strength in STRENGTHS:
        solved = minimize(
            _objective(codes, targets, strength),
            parameters,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 100, "gtol": 1e-6},
        )
        parameters = solved.x
        shaped = parameters.reshape(-1, columns)
        found.append((shaped[:-1].copy(), shaped[-1].copy()))
    return found


def _objective(codes: Floats, targets: Floats, strength: float) -> Callable[[Floats], tuple[float, Floats]]:
    n, d = codes.shape

    def loss_and_gradient(parameters: Floats) -> tuple[float, Floats]:
        shaped = parameters.reshape(d + 1, -1)
        weights, scores = shaped[:-1], codes @ shaped[:-1] + shaped[-1]
        residual = (_mean_of(scores, True) - targets) / n
        gradient = np.concatenate([codes.T @ residual + strength * weights, residual.sum(axis=0)[None]])
        loss = _loss(scores, targets, True) / n + strength / 2.0 * float((weights**2).sum())
        return loss, gradient.ravel()

    return loss_and_gradient


def _mean_of(scores: Floats, classifies: bool) -> Floats:
    if not classifies:
        return scores
    return np.asarray(expit(scores) if scores.shape[1] == 1 else softmax(scores, axis=1))


def _loss(scores: Floats, targets: Floats, classifies: bool) -> float:
    """Returns the summed log loss, or the summed squared error."""
    if not classifies:
        return float(((targets - scores) ** 2).sum())
    if scores.shape[1] == 1:
        return float((np.logaddexp(0.0, scores) - targets * scores).sum())
    return float(-(targets * log_softmax(scores, axis=1)).sum())
