"""Fréchet distance between two sets of images in the attribute classifier's features.

Heusel et al. 2017, eq. 6, with our classifier instead of Inception: values compare models of one run,
and are not comparable with published FIDs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from latent_audit.tasks.analyses.statistics.estimates import Estimate, interval
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows


@dataclass(frozen=True)
class FrechetDistance:
    """samples: distance of samples to held-out images; real: of one half of the held-out images to the other,
    which is what a perfect model would get with as many images. Squared units of the features.
    """

    samples: Estimate
    real: Estimate


def frechet_distance(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Returns |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of features (n, f) and (m, f); 0 or more."""
    first, second = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    gap = first.mean(axis=0) - second.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(points, rowvar=False)) for points in (first, second)]
    # tr (C1 C2)^(1/2) is the sum of the roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which are real.
    root = np.real(sqrtm(covariances[0] + 1e-12 * np.eye(len(gap))))
    values = np.linalg.eigvalsh(root @ covariances[1] @ root.T)
    shared = np.sqrt(np.clip(values, 0.0, None)).sum()
    distance = gap @ gap + np.trace(covariances[0]) + np.trace(covariances[1]) - 2.0 * shared
    return float(max(distance, 0.0))


def compare_samples(
    samples: NDArray[np.floating],
    held_out: NDArray[np.floating],
    rng: np.random.Generator,
    components: int = 16,
    resamples: int = 60,
) -> FrechetDistance:
    """Returns the distance of features of samples (n, f) to those of held-out images (m, f), with intervals.

    Features are first turned onto the `components` main axes of the held-out images, since a covariance of
    more features than a few hundred images can carry is mostly noise. Both distances use half of the
    held-out images as reference, and as many points on the other side (m // 2, drawn from samples that are
    more), so that they compare.
    """
    real = np.asarray(held_out, dtype=np.float64)
    reference, rest = (real[rows] for rows in np.array_split(rng.permutation(len(real)), 2))
    centre = reference.mean(axis=0)
    kept = min(components, reference.shape[1], len(reference) - 1)
    axes = np.linalg.svd(reference - centre, full_matrices=False)[2][:kept].T
    some = draw_rows(len(samples), len(rest), int(rng.integers(2**31)), "samples")
    made, reference, rest = ((points - centre) @ axes for points in (samples[some], reference, rest))
    return FrechetDistance(*(_with_interval(points, reference, rng, resamples) for points in (made, rest)))


def _with_interval(
    points: NDArray[np.float64], reference: NDArray[np.float64], rng: np.random.Generator, resamples: int
) -> Estimate:
    value = frechet_distance(points, reference)
    draws = np.array(
        [
            frechet_distance(
                points[rng.integers(len(points), size=len(points))],
                reference[rng.integers(len(reference), size=len(reference))],
            )
            for _ in range(resamples)
        ]
    )
    # Resampled images repeat, which adds a distance of its own: the spread is right, the level is not.
    low, high = interval(draws - draws.mean() + value)
    return Estimate(value, max(float(low), 0.0), float(high), len(points), "bootstrap over images")
