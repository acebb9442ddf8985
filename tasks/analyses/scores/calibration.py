"""Calibration of the attribute classifier: confidence against accuracy.

Guo et al. 2017, "On calibration of modern neural networks", eq. 3, with bins of equal counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples, mean_estimate
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.datasets.attributes import Attribute

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """One class attribute's calibration on held-out images.

    confidence: mean probability of the class that was chosen; accuracy: share of right choices. error:
    expected calibration error, mean |confidence - accuracy| over bins of equal counts; a perfect classifier
    of so few images scores about `error_by_chance`. bin_confidence, bin_accuracy: by bin, least confident first.
    """

    attribute: str
    confidence: Estimate
    accuracy: Estimate
    error: Estimate
    error_by_chance: float
    bin_confidence: tuple[float, ...]
    bin_accuracy: tuple[float, ...]


def compute(
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    responses: NDArray[np.floating],
    response_columns: Mapping[str, Sequence[int]],
    seed: int,
    resamples: int = 300,
) -> tuple[Calibration, ...]:
    """Returns one result per binary or categorical attribute; others have no classes.

    values (n, k), NaN where an image has none, and responses (n, columns): probabilities of class 1, or of each class.
    """
    rng = np.random.default_rng(seed)
    found = []
    for column, attribute in enumerate(attributes):
        if attribute.kind not in ("binary", "categorical"):
            continue
        known = ~np.isnan(values[:, column])
        said = np.asarray(responses[known][:, list(response_columns[attribute.name])], dtype=np.float64)
        if attribute.kind == "binary":
            said = np.concatenate([1.0 - said, said], axis=1)
        confidence = said.max(axis=1)
        right = (said.argmax(axis=1) == values[known, column]).astype(np.float64)
        found.append(_calibration(attribute.name, confidence, right, rng, resamples))
    return tuple(found)


def _calibration(
    name: str,
    confidence: NDArray[np.float64],
    right: NDArray[np.float64],
    rng: np.random.Generator,
    resamples: int,
) -> Calibration:
    bins = np.array_split(np.argsort(confidence, kind="stable"), min(BINS, len(confidence)))
    weights = image_weights(len(confidence), resamples, rng)
    source = "bootstrap over images"
    value = float(_errors(confidence, right, bins, np.ones((1, len(confidence))))[0])
    drawn = _errors(confidence, right, bins, weights)
    luck = (rng.random((resamples, len(confidence))) < confidence).astype(np.float64)
    chance = np.mean([_errors(confidence, one, bins, np.ones((1, len(one))))[0] for one in luck])
    return Calibration(
        name,
        mean_estimate(confidence, resamples, rng, source),
        mean_estimate(right, resamples, rng, source),
        from_samples(value, drawn, len(confidence), source),
        float(chance),
        tuple(float(confidence[rows].mean()) for rows in bins),
        tuple(float(right[rows].mean()) for rows in bins),
    )


def _errors(
    confidence: NDArray[np.float64],
    right: NDArray[np.float64],
    bins: Sequence[NDArray[np.intp]],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Returns the calibration error for each row of image weights (resamples, n)."""
    gap = confidence - right
    return np.asarray(sum(np.abs(weights[:, rows] @ gap[rows]) for rows in bins) / weights.sum(axis=1))
