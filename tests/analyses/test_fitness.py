"""Known answers for fitness: closed forms of means, and each way to collapse."""

import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.scores.fitness import (
    measure_fitness,
    reconstruction_pairs,
    spread_of_reconstructions,
)

NAMES = ("z0", "z1", "z2")


def codes(active: tuple[float, ...], n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """KL of the given mean a dimension, and means whose variance is 1 where the KL is not 0."""
    rng = np.random.default_rng(0)
    kl = np.tile(np.asarray(active), (n, 1))
    means = rng.standard_normal((n, len(active))) * (np.asarray(active) > 0)
    return kl, means


def test_numbers_are_means_over_images_with_an_interval_around_them() -> None:
    kl, means = codes((2.0, 0.5, 0.0))
    nats = np.arange(200.0)
    fit = measure_fitness(nats, kl, means, NAMES, 0.9, np.random.default_rng(1), unused_kl_nats=0.05)
    assert fit.reconstruction_nats_per_image == fit.reconstruction.value == pytest.approx(99.5)
    assert fit.reconstruction.low < 99.5 < fit.reconstruction.high
    # The interval is that of a mean of 200: about 1.96 standard errors on each side.
    assert fit.reconstruction.high - fit.reconstruction.low == pytest.approx(
        3.92 * nats.std() / 200**0.5, rel=0.1
    )
    assert fit.kl_nats_per_image == pytest.approx(2.5)
    assert fit.kl is not None
    assert fit.kl.low == fit.kl.high == pytest.approx(2.5)
    assert (fit.active_units, fit.active_units_by_variance) == (2, 2)
    assert [use.active for use in fit.dimensions] == [True, True, False]
    assert [use.kl_nats for use in fit.dimensions] == pytest.approx([2.0, 0.5, 0.0])
    assert not fit.collapsed
    assert (
        english(fit.collapse_reason)
        == "2 of 3 dimensions are active, and reconstructions vary 90% as much as the images do"
    )


def test_posterior_collapse_is_decided_and_explained() -> None:
    kl, means = codes((0.0, 0.0, 0.0))
    fit = measure_fitness(
        np.ones(200), kl + 0.01, means, NAMES, 0.5, np.random.default_rng(1), unused_kl_nats=0.05
    )
    assert fit.collapsed
    assert fit.active_units == 0
    assert english(fit.collapse_reason).startswith(
        "posterior collapse: none of 3 dimensions is active (largest KL 0.01"
    )


def test_constant_reconstructions_are_a_collapse_although_dimensions_are_active() -> None:
    kl, means = codes((2.0, 1.0, 1.0))
    images = np.random.default_rng(0).integers(0, 256, (20, 1, 4, 4)).astype(np.uint8)
    spread = spread_of_reconstructions(images, np.full(images.shape, 0.5))
    fit = measure_fitness(
        np.ones(200), kl, means, NAMES, spread, np.random.default_rng(1), unused_kl_nats=0.05
    )
    assert spread == 0.0
    assert fit.collapsed
    assert english(fit.collapse_reason).startswith("constant reconstructions")


def test_a_model_without_a_posterior_is_judged_by_the_variance_of_its_code() -> None:
    _, means = codes((1.0, 0.0, 1.0))
    fit = measure_fitness(
        np.ones(200), None, means, NAMES, 0.5, np.random.default_rng(1), unused_kl_nats=0.05
    )
    assert fit.kl is None
    assert fit.kl_nats_per_image is None
    assert [use.kl_nats for use in fit.dimensions] == [None] * 3
    dead = measure_fitness(
        np.ones(200), None, 0 * means, NAMES, 0.5, np.random.default_rng(1), unused_kl_nats=0.05
    )
    assert "largest variance of a posterior mean 0)" in english(dead.collapse_reason)
    assert fit.active_units == 2
    assert not fit.collapsed


def test_spread_is_one_for_perfect_reconstructions_and_a_quarter_at_half_contrast() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 1, 4, 4)).astype(np.uint8)
    assert spread_of_reconstructions(images, images / 255.0) == pytest.approx(1.0)
    assert spread_of_reconstructions(images, images / 510.0) == pytest.approx(0.25)


def test_pairs_alternate_original_and_reconstruction() -> None:
    images = np.arange(2 * 4, dtype=np.uint8).reshape(2, 1, 2, 2)
    pairs = reconstruction_pairs(images, np.stack([np.ones((1, 2, 2)), np.full((1, 2, 2), -3.0)]))
    assert pairs.shape == (4, 1, 2, 2)
    np.testing.assert_array_equal(pairs[[0, 2]], images)
    assert (pairs[1] == 255).all()
    assert (pairs[3] == 0).all()


def test_bad_input_gets_a_sentence() -> None:
    kl, means = codes((1.0, 1.0, 1.0))
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="NaN or infinite: the model has diverged"):
        measure_fitness(np.full(200, np.nan), kl, means, NAMES, 1.0, rng, unused_kl_nats=0.05)
    with pytest.raises(ValueError, match=r"of shape \(images, dimensions\)"):
        measure_fitness(np.ones(200), kl[:, :2], means, NAMES, 1.0, rng, unused_kl_nats=0.05)
    with pytest.raises(ValueError, match="must agree"):
        spread_of_reconstructions(np.zeros((2, 1, 2, 2), np.uint8), np.zeros((2, 1, 3, 3)))


def test_the_evidence_lower_bound_is_a_figure_of_its_own() -> None:
    kl, means = codes((2.0, 0.5, 0.0))
    nats, bound = np.full(200, 40.0), np.linspace(-50.0, -40.0, 200)
    fit = measure_fitness(
        nats, kl, means, NAMES, 0.9, np.random.default_rng(1), unused_kl_nats=0.05, elbo_nats=bound
    )
    assert fit.elbo is not None
    assert fit.elbo.value == pytest.approx(-45.0)
    assert fit.elbo.low < -45.0 < fit.elbo.high
    without = measure_fitness(nats, kl, means, NAMES, 0.9, np.random.default_rng(1), unused_kl_nats=0.05)
    assert without.elbo is None


def test_a_kl_that_is_no_sum_over_dimensions_is_stated_as_a_whole_and_use_is_what_the_decoder_does() -> None:
    _, means = codes((2.0, 0.5, 0.0))
    whole, unused = np.full(200, 3.0), np.array([False, True, False])
    fit = measure_fitness(
        np.ones(200), None, means, NAMES, 0.9, np.random.default_rng(1), unused_kl_nats=0.05, unused=unused,
        whole_kl_nats=whole,
    )  # fmt: skip
    assert fit.kl_nats_per_image == pytest.approx(3.0)
    assert [use.kl_nats for use in fit.dimensions] == [None, None, None]
    assert [use.active for use in fit.dimensions] == [True, False, False]
