"""PCA beside a model's code, where it is known which of the two comes closer."""

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.applications.compression import code_by_size
from latent_audit.tasks.analyses.applications.pca_baseline import BesidePca, PixelPca, beside_pca

PIXELS = 12


def as_images(grey: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Images (n, 1, 1, 12) of grey values in [0, 1]."""
    return np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8).reshape(-1, 1, 1, PIXELS)


def bumps(place: NDArray[np.floating]) -> NDArray[np.float32]:
    """A bright bump at a place in [0, 1]: one number makes the image, on a curve in the space of pixels."""
    columns = np.linspace(0, 1, PIXELS)
    found = np.exp(-(((columns - np.asarray(place).reshape(-1, 1)) / 0.12) ** 2))
    return found.astype(np.float32).reshape(-1, 1, 1, PIXELS)


def bent(rng: np.random.Generator) -> BesidePca:
    places = rng.random((900, 1))
    images = as_images(bumps(places))
    ours = code_by_size(places[300:600], places[600:], images[600:], (0,), lambda codes, rows: bumps(codes))
    return beside_pca(ours, 1, images[:300], images[300:600], images[600:], np.random.default_rng(0))


def test_the_components_are_those_of_the_covariance() -> None:
    rng = np.random.default_rng(0)
    images = as_images(0.5 + 0.2 * rng.standard_normal((400, 3)) @ rng.standard_normal((3, PIXELS)) / 3)
    pca = PixelPca.of(images, 3)
    flat = images.reshape(400, -1) / 255
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    for mine, theirs in zip(pca.components, vectors.T[::-1], strict=False):
        assert abs(float(mine @ theirs)) == pytest.approx(1.0, abs=1e-3)
    assert pca.encode(images).var(axis=0, ddof=1) == pytest.approx(values[::-1][:3], rel=1e-2)
    # Three components made these images; what is left is the rounding to bytes and the cut at black and white.
    made = pca.decode(pca.encode(images), np.arange(400))
    assert float(((made.reshape(400, -1) - flat) ** 2).mean()) < 1e-3


def test_more_dimensions_than_images_have_cost_nothing_and_say_nothing() -> None:
    images = as_images(np.random.default_rng(0).random((5, PIXELS)))
    pca = PixelPca.of(images, 9)
    assert pca.components.shape == (9, PIXELS)
    assert not pca.components[5:].any()


def test_a_model_that_is_pca_differs_from_it_in_nothing() -> None:
    rng = np.random.default_rng(0)
    images = as_images(0.5 + 0.1 * rng.standard_normal((900, 2)) @ rng.standard_normal((2, PIXELS)))
    pca = PixelPca.of(images[:300], 2)
    codes = pca.encode(images)
    ours = code_by_size(codes[300:600], codes[600:], images[600:], (0, 1), pca.decode)
    found = beside_pca(ours, 2, images[:300], images[300:600], images[600:], np.random.default_rng(0))
    assert [row.dimensions for row in found.differences] == [0, 1, 2]
    for row in found.differences:
        assert row.distortion.value == pytest.approx(0.0, abs=1e-9)
        assert row.rate_bits.value == pytest.approx(0.0, abs=1e-9)
    assert found.fitted_images == 300


def test_a_decoder_that_bends_comes_closer_with_one_number_than_pca() -> None:
    found = bent(np.random.default_rng(0))
    none, one = found.differences
    assert none.rate_bits.value == 0.0
    assert one.distortion.high < 0
    assert one.distortion.n == 300
    errors = {point.at: point.distortion.value for point in found.curves.size}
    assert errors[1.0] > 5 * (errors[1.0] + one.distortion.value)


def test_figures_are_the_same_for_the_same_seed() -> None:
    assert bent(np.random.default_rng(3)) == bent(np.random.default_rng(3))
