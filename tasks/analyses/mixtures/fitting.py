"""Fits a mixture to images by expectation maximisation, and holds a model's bound on log p(x) against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

Floats = NDArray[np.float64]
_SOURCE = "bootstrap over images"
# Principal components in which the first shares are found, by k-means.
_CLUSTERED = 20


class Mixture(Protocol):
    """Any mixture: means (K, p) of its components, log weights (K,), and the log joint density of images."""

    @property
    def means(self) -> Floats: ...  # noqa: D102
    @property
    def log_weights(self) -> Floats: ...  # noqa: D102
    def log_joint(self, images: Floats) -> Floats: ...  # noqa: D102


# Images (n, p) and their shares (n, K) of components -> the mixture that fits them best.
Fit = Callable[[Floats, Floats], Mixture]


@dataclass(frozen=True)
class Fitted:
    """A mixture, and the mean log-likelihood in nats of the images it was fitted to, after each iteration."""

    mixture: Mixture
    log_likelihoods: tuple[float, ...]


@dataclass(frozen=True)
class Candidate:
    """A number of components, and the mean log-likelihood of the images that choose between numbers."""

    components: int
    log_likelihood: float


@dataclass(frozen=True)
class BesideMixture:
    """Nats per image, over the same held-out images: log p(x) under the mixture, exactly; the model's evidence lower
    bound; `bound`, log p(x) under the model at least (of many draws); and that less the mixture's.
    """

    components: int
    candidates: tuple[Candidate, ...]
    mixture: Estimate
    elbo: Estimate
    bound: Estimate
    difference: Estimate


def fit_mixture(
    images: Floats, components: int, fit: Fit, iterations: int, seed: int, tolerance: float = 0.01
) -> Fitted:
    """Returns a mixture of at most `components` for images (n, p); it ends when an iteration gains less than
    `tolerance` nats an image.
    """
    shares = _first_shares(images, min(components, len(images)), seed)
    found: list[float] = []
    mixture = fit(images, shares)
    for _ in range(iterations):
        joint = mixture.log_joint(images)
        total = logsumexp(joint, axis=1)
        found.append(float(total.mean()))
        if len(found) > 1 and found[-1] - found[-2] < tolerance:
            break
        mixture = fit(images, np.exp(joint - total[:, None]))
    return Fitted(mixture, tuple(found))


def log_likelihood(mixture: Mixture, images: Floats) -> Floats:
    """Returns (n,) log p(x) in nats of images (n, p)."""
    return np.asarray(logsumexp(mixture.log_joint(images), axis=1))


def choose(
    images: Floats, choosing: Floats, components: Sequence[int], fit: Fit, iterations: int, seed: int
) -> tuple[Mixture, tuple[Candidate, ...]]:
    """Returns the mixture of `images` under which `choosing`, other images, are likeliest, and all numbers tried."""
    tried = [fit_mixture(images, count, fit, iterations, seed).mixture for count in sorted(set(components))]
    nats = [float(log_likelihood(mixture, choosing).mean()) for mixture in tried]
    candidates = tuple(
        Candidate(len(mixture.means), value) for mixture, value in zip(tried, nats, strict=True)
    )
    return tried[int(np.argmax(nats))], candidates


def hold_against(
    mixture: Mixture,
    candidates: Sequence[Candidate],
    images: Floats,
    elbo: Floats,
    bound: Floats,
    resamples: int,
    rng: np.random.Generator,
) -> BesideMixture:
    """Returns the mixture beside a model's `elbo` (n,) and `bound` (n,) of the same images (n, p)."""
    exact = log_likelihood(mixture, images)
    estimates = (mean_estimate(nats, resamples, rng, _SOURCE) for nats in (exact, elbo, bound, bound - exact))
    return BesideMixture(len(mixture.means), tuple(candidates), *estimates)


def _first_shares(images: Floats, components: int, seed: int) -> Floats:
    """Returns (n, K) shares of 0 and 1, by k-means in the first principal components."""
    if components == 1:
        return np.ones((len(images), 1))
    count = min(_CLUSTERED, *images.shape)
    codes = PCA(count, svd_solver="randomized", random_state=seed).fit_transform(images)
    labels = KMeans(components, n_init=1, random_state=seed).fit_predict(codes)
    return np.asarray(np.eye(components)[labels])
