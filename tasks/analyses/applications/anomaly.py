"""Anomaly detection: scores of in- and out-of-distribution images, and their AUROC."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples, mean_estimate
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import auroc, auroc_resamples
from latent_audit.vocabulary.reasons import Reason


@dataclass(frozen=True)
class AnomalyScore:
    """One score: the probability that an outside image has the larger one (AUROC), and its mean on both sides."""

    score: str
    auroc: Estimate
    inside: Estimate
    outside: Estimate


@dataclass(frozen=True)
class AnomalyDetection:
    """All scores against one named set of outside images.

    likelihood_misleads: whether the plain likelihood is significantly worse than chance, the failure that
    Nalisnick et al. 2019 found; None where the model has no likelihood. not_applicable: why some scores are
    absent, None where all are there.
    """

    outside_name: str
    inside_images: int
    outside_images: int
    scores: tuple[AnomalyScore, ...]
    likelihood_misleads: bool | None
    not_applicable: Reason | None


def detect(
    outside_name: str,
    inside: Mapping[str, NDArray[np.floating]],
    outside: Mapping[str, NDArray[np.floating]],
    rng: np.random.Generator,
    not_applicable: Reason | None = None,
    resamples: int = 500,
) -> AnomalyDetection:
    """Returns AUROC and means with intervals of each score; larger means more anomalous.

    inside, outside: by name of the score, (n,) of held-out images and (m,) of out-of-distribution images. The
    score "negative ELBO" is the one that `likelihood_misleads` speaks of.
    """
    scores = tuple(_score(name, inside[name], outside[name], rng, resamples) for name in inside)
    bound = next((score for score in scores if score.score == "negative ELBO"), None)
    misleads = None if bound is None or bound.auroc.high is None else bound.auroc.high < 0.5
    inside_images, outside_images = (len(next(iter(side.values()))) for side in (inside, outside))
    return AnomalyDetection(outside_name, inside_images, outside_images, scores, misleads, not_applicable)


def exchange_quarters(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns images (n, c, h, w) with opposite quadrants exchanged, which keeps the pixels."""
    return np.roll(images, (images.shape[-2] // 2, images.shape[-1] // 2), axis=(-2, -1))


def _score(
    name: str,
    inside: NDArray[np.floating],
    outside: NDArray[np.floating],
    rng: np.random.Generator,
    resamples: int,
) -> AnomalyScore:
    both = np.concatenate([inside, outside]).astype(np.float64)
    truth = np.repeat([0.0, 1.0], [len(inside), len(outside)])
    # Each side is resampled by itself: how many there are of each is our choice, not chance.
    weights = np.concatenate([image_weights(len(side), resamples, rng) for side in (inside, outside)], axis=1)
    source = "bootstrap over images"
    return AnomalyScore(
        name,
        from_samples(auroc(truth, both), auroc_resamples(truth, both, weights), len(both), source),
        mean_estimate(both[: len(inside)], resamples, rng, source),
        mean_estimate(both[len(inside) :], resamples, rng, source),
    )
