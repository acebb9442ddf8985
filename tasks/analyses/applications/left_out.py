"""Anomaly detection of a class that the model was not trained on, beside PCA, with galleries of images.

The error of PCA's reconstruction, with as many dimensions and of the same training images, is the baseline.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import auroc, auroc_resamples

Floats = NDArray[np.float64]
PCA_SCORE = "PCA reconstruction error"
_SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class ScoreOfClass:
    """AUROC of a score, the probability that an image of the class left out has the larger one, and that AUROC less
    PCA's over the same images; None for PCA itself.
    """

    score: str
    auroc: Estimate
    above_pca: Estimate | None


@dataclass(frozen=True)
class StrangeImage:
    """One image of a gallery: its place among those scored, its score, whether it is of the class left out, and the
    dimension whose code is furthest from those of the training images, with the distance in standard deviations.
    """

    place: int
    score: float
    left_out: bool
    dimension: int
    deviations: float


def score_class(
    scores: Mapping[str, Floats], left_out: NDArray[np.bool_], resamples: int, rng: np.random.Generator
) -> tuple[ScoreOfClass, ...]:
    """Returns a row for each score (n,), PCA's among them; larger scores are more anomalous.

    left_out: (n,) which images are of the class. Both sides are resampled by themselves, alike for all scores.
    """
    truth = left_out.astype(np.float64)
    weights = np.empty((resamples, len(truth)))
    for side in (left_out, ~left_out):
        weights[:, side] = image_weights(int(side.sum()), resamples, rng)
    values = {name: auroc(truth, found) for name, found in scores.items()}
    draws = {name: auroc_resamples(truth, found, weights) for name, found in scores.items()}
    fewest = int(min(left_out.sum(), (~left_out).sum()))
    return tuple(
        ScoreOfClass(
            name,
            from_samples(values[name], draws[name], len(truth), _SOURCE, fewest),
            None
            if name == PCA_SCORE
            else from_samples(
                values[name] - values[PCA_SCORE],
                draws[name] - draws[PCA_SCORE],
                len(truth),
                _SOURCE,
                fewest,
            ),
        )
        for name in scores
    )


def gallery(
    scores: Floats,
    left_out: NDArray[np.bool_],
    codes: NDArray[np.floating],
    usual_codes: NDArray[np.floating],
    shown: int,
) -> tuple[tuple[StrangeImage, ...], tuple[StrangeImage, ...]]:
    """Returns the most anomalous images, most first, and those whose scores (n,) are nearest to the median.

    codes (n, d) are of the images, usual_codes (m, d) of images of the classes that the model was trained on.
    """
    spread = np.maximum(usual_codes.std(axis=0), 1e-9)
    deviations = (codes - usual_codes.mean(axis=0)) / spread
    furthest = np.abs(deviations).argmax(axis=1)

    def first(by: Floats) -> tuple[StrangeImage, ...]:
        """Returns the images with the largest numbers (n,), largest first."""
        ranks = np.argsort(np.argsort(-by, kind="stable"))
        chosen = sorted(np.flatnonzero(ranks < shown).tolist(), key=lambda place: ranks[place])
        return tuple(
            StrangeImage(
                place,
                float(scores[place]),
                bool(left_out[place]),
                int(furthest[place]),
                float(deviations[place, furthest[place]]),
            )
            for place in chosen
        )

    return first(scores), first(-np.abs(scores - np.median(scores)))
