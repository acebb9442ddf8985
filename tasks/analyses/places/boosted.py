"""Predictions by histogram gradient boosting: what scores the final set of a block."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
_LEARNING_RATE = 0.15
_MAX_LEAVES = 15


def boosted_predictions(
    attribute: Attribute,
    fit: Floats,
    targets: Floats,
    test: Floats,
    iterations: int,
    most_images: int,
    seed: int,
) -> tuple[Floats, Floats]:
    """Returns predictions (n, c) and (m, c) for codes of either part, fitted on targets (n, c) of the first.

    Log-odds of a binary attribute, class probabilities of a categorical one, else the targets' own unit.
    """
    classifies = attribute.kind in ("binary", "categorical")
    labels = _labels(targets) if classifies else None
    rows = draw_rows(len(fit), most_images, seed, "boosting of a block", classes=labels)
    with threadpool_limits(limits=1):
        if labels is None:
            found = [
                HistGradientBoostingRegressor(**boosting_settings(iterations, seed)).fit(
                    fit[rows], column[rows]
                )
                for column in targets.T
            ]
            return (
                np.stack([model.predict(fit) for model in found], axis=1),
                np.stack([model.predict(test) for model in found], axis=1),
            )
        model = HistGradientBoostingClassifier(**boosting_settings(iterations, seed)).fit(
            fit[rows], labels[rows]
        )
        both = [_columns(attribute, model.classes_, model.predict_proba(codes)) for codes in (fit, test)]
        return both[0], both[1]


def _labels(targets: Floats) -> NDArray[np.int64]:
    return np.asarray(
        targets.argmax(axis=1) if targets.shape[1] > 1 else np.rint(targets[:, 0]), dtype=np.int64
    )


def boosting_settings(iterations: int, seed: int) -> dict[str, object]:
    """Returns the arguments of scikit-learn's gradient boosting."""
    return {
        "max_iter": iterations,
        "max_leaf_nodes": _MAX_LEAVES,
        "learning_rate": _LEARNING_RATE,
        "early_stopping": False,
        "random_state": seed,
    }


def _columns(attribute: Attribute, classes: NDArray[np.int64], probabilities: Floats) -> Floats:
    every = np.zeros((len(probabilities), len(attribute.classes)))
    every[:, classes] = probabilities
    if attribute.kind == "categorical":
        return every
    return np.asarray(logit(np.clip(every[:, [1]], 1e-6, 1.0 - 1e-6)))
