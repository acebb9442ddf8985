"""Mixtures in worlds where their likelihood is known."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import nn

from latent_audit.tasks.analyses.mixtures.bernoulli import BernoulliMixture
from latent_audit.tasks.analyses.mixtures.fitting import choose, fit_mixture, hold_against, log_likelihood
from latent_audit.tasks.analyses.mixtures.gaussian import GaussianMixture
from latent_audit.vae_models.components.reconstruction import exact_log_likelihood

NOISE = 0.01
PIXELS = 9


def two_planes(count: int, rng: np.random.Generator):
    """Images (n, 9) around two centres, each with two directions of its own, and noise of a known variance."""
    centres = np.stack([np.full(PIXELS, 0.2), np.full(PIXELS, 0.8)])
    directions = np.random.default_rng(7).standard_normal((2, 2, PIXELS)) * 0.2
    kinds = rng.integers(0, 2, count)
    found = centres[kinds] + np.einsum("nq,nqp->np", rng.standard_normal((count, 2)), directions[kinds])
    return found + np.sqrt(NOISE) * rng.standard_normal(found.shape), centres, directions


def true_log_likelihood(images, centres, directions):
    parts = [
        multivariate_normal(centre, own.T @ own + NOISE * np.eye(PIXELS)).logpdf(images)
        for centre, own in zip(centres, directions, strict=True)
    ]
    return np.logaddexp(*parts) - np.log(2)


def test_one_component_is_probabilistic_pca() -> None:
    images, _, _ = two_planes(400, np.random.default_rng(0))
    fitted = GaussianMixture.fitted(images, np.ones((400, 1)), 3, NOISE)
    values, vectors = np.linalg.eigh(np.cov(images.T, bias=True))
    kept = vectors[:, -3:]
    covariance = kept @ np.diag(np.maximum(values[-3:], NOISE) - NOISE) @ kept.T + NOISE * np.eye(PIXELS)
    known = multivariate_normal(images.mean(axis=0), covariance).logpdf(images)
    assert log_likelihood(fitted, images) == pytest.approx(known, abs=1e-6)


def test_one_component_is_the_linear_vae_of_the_same_covariance() -> None:
    images, _, _ = two_planes(300, np.random.default_rng(0))
    fitted = GaussianMixture.fitted(images, np.ones((300, 1)), 3, NOISE)
    layer = nn.Linear(3, PIXELS).double()
    with torch.no_grad():
        scales = np.sqrt(fitted.variances[0] - NOISE)
        layer.weight.copy_(torch.from_numpy((scales[:, None] * fitted.axes[0]).T))
        layer.bias.copy_(torch.from_numpy(fitted.means[0]))
    known = exact_log_likelihood(layer, NOISE, torch.from_numpy(images).reshape(-1, 1, 3, 3))
    assert log_likelihood(fitted, images) == pytest.approx(known.numpy(), abs=1e-6)


def test_the_likelihood_never_falls_and_comes_to_the_true_one() -> None:
    images, _, _ = two_planes(3000, np.random.default_rng(0))
    fit = partial(GaussianMixture.fitted, dimensions=2, noise=NOISE)
    found = fit_mixture(images, 2, fit, 50, seed=0, tolerance=1e-6)
    assert (np.diff(found.log_likelihoods) > -1e-6).all()
    others, centres, directions = two_planes(3000, np.random.default_rng(1))
    known = true_log_likelihood(others, centres, directions)
    assert log_likelihood(found.mixture, others).mean() == pytest.approx(known.mean(), abs=0.05)


def test_the_number_of_components_is_chosen_by_other_images() -> None:
    images, _, _ = two_planes(60, np.random.default_rng(0))
    choosing, _, _ = two_planes(1000, np.random.default_rng(1))
    fit = partial(GaussianMixture.fitted, dimensions=2, noise=NOISE)
    best, candidates = choose(images, choosing, (30, 1, 2), fit, 20, seed=0)
    assert [row.components for row in candidates] == [1, 2, 30]
    assert len(best.means) == 2
    own = [fit_mixture(images, count, fit, 20, seed=0).log_likelihoods[-1] for count in (2, 30)]
    assert own[1] > own[0]  # by the images that it was fitted to, the largest would be


def test_bernoulli_components_are_found() -> None:
    rng = np.random.default_rng(0)
    probabilities = np.array([[0.9] * 6 + [0.1] * 6, [0.1] * 6 + [0.9] * 6])
    images = (rng.random((2000, 12)) < probabilities[rng.integers(0, 2, 2000)]).astype(float)
    found = fit_mixture(images, 2, BernoulliMixture.fitted, 50, seed=0).mixture
    order = np.argsort(-found.means[:, 0])
    assert found.means[order] == pytest.approx(probabilities, abs=0.05)
    # All images of twelve pixels: their probabilities are one.
    every = np.array([[int(bit) for bit in f"{number:012b}"] for number in range(4096)], dtype=float)
    assert np.exp(log_likelihood(found, every)).sum() == pytest.approx(1.0)


def test_a_bound_is_held_against_the_mixture_image_by_image() -> None:
    images, _, _ = two_planes(500, np.random.default_rng(0))
    fit = partial(GaussianMixture.fitted, dimensions=2, noise=NOISE)
    best, candidates = choose(images, images, (2,), fit, 20, seed=0)
    known = log_likelihood(best, images)
    rng = np.random.default_rng(0)
    found = hold_against(best, candidates, images, known - 3.0, known + 0.5, 200, rng)
    assert found.difference.value == pytest.approx(0.5)
    assert (found.difference.low, found.difference.high) == pytest.approx((0.5, 0.5))
    assert found.mixture.value - found.elbo.value == pytest.approx(3.0)
    assert found.mixture.n == 500
