"""Scores of the attribute classifier on real held-out images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import (
    auroc,
    auroc_resamples,
    balanced_accuracy,
    balanced_accuracy_resamples,
    r_squared,
    r_squared_resamples,
)
from latent_audit.tasks.datasets.attributes import Attribute

SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class ClassifierScore:
    """One attribute's held-out score; `chance` is the score of guessing."""

    attribute: str
    statistic: str
    estimate: Estimate
    chance: float


def compute(
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    responses: NDArray[np.floating],
    response_columns: Mapping[str, Sequence[int]],
    standardisation: Mapping[str, tuple[float, float]],
    seed: int,
    resamples: int = 300,
    source: str = SOURCE,
) -> tuple[ClassifierScore, ...]:
    """Returns one score per attribute: AUROC and balanced accuracy of binary ones, balanced accuracy, or R2.

    values (n, k), NaN where an image has none, and responses (n, columns) are of the same held-out images.
    `standardisation` gives the mean and standard deviation by which the classifier scaled ordinal and continuous
    attributes. `source` says what the intervals are over, where that is not held-out images.
    """
    weights = image_weights(len(values), resamples, np.random.default_rng(seed))
    scores: list[ClassifierScore] = []
    for column, attribute in enumerate(attributes):
        known = ~np.isnan(values[:, column])
        predicted = np.asarray(responses[known][:, list(response_columns[attribute.name])], dtype=np.float64)
        drawn = weights if known.all() else weights[:, known]
        scores.extend(_scores(attribute, values[known, column], predicted, standardisation, drawn, source))
    return tuple(scores)


def fewest_of_a_class(attribute: Attribute, truth: NDArray[np.float64]) -> int | None:
    """Returns how many of the values (n,) are of the rarest class; None for an attribute without classes."""
    if attribute.kind not in ("binary", "categorical") or not len(truth):
        return None
    return int(np.unique(truth, return_counts=True)[1].min())


def _scores(
    attribute: Attribute,
    truth: NDArray[np.float64],
    predicted: NDArray[np.float64],
    standardisation: Mapping[str, tuple[float, float]],
    weights: NDArray[np.float64],
    source: str,
) -> list[ClassifierScore]:
    fewest = fewest_of_a_class(attribute, truth)

    def score(statistic: str, value: float, samples: NDArray[np.float64], chance: float) -> ClassifierScore:
        estimate = from_samples(value, samples, len(truth), source, fewest)
        return ClassifierScore(attribute.name, statistic, estimate, chance)

    if attribute.kind in ("binary", "categorical"):
        classes = len(attribute.classes)
        binary = attribute.kind == "binary"
        chosen = (predicted[:, 0] > 0.5).astype(np.int64) if binary else predicted.argmax(axis=1)
        balanced = score(
            "balanced accuracy",
            balanced_accuracy(truth, chosen),
            balanced_accuracy_resamples(truth, chosen, classes, weights),
            1.0 / classes,
        )
        if not binary:
            return [balanced]
        return [
            balanced,
            score(
                "AUROC", auroc(truth, predicted[:, 0]), auroc_resamples(truth, predicted[:, 0], weights), 0.5
            ),
        ]
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        angle = 2.0 * np.pi * truth / attribute.period
        target = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        mean, spread = standardisation[attribute.name]
        target = ((truth - mean) / spread)[:, None]
    return [score("R2", r_squared(target, predicted), r_squared_resamples(target, predicted, weights), 0.0)]
