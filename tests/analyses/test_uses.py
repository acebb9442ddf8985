"""What a latent space is good for, in worlds where the answer is known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.analyses.applications.anomaly import detect, exchange_quarters
from latent_audit.tasks.analyses.applications.augmentation import augment
from latent_audit.tasks.analyses.applications.compression import code_lengths, compress
from latent_audit.tasks.analyses.applications.likelihood_regret import gaussian_kl, likelihood_regret
from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import verbatim

WEIGHTS = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.5, -1.0]])
VARIANCE = 0.1


def linear_nats(images: Tensor, latents: Tensor) -> Tensor:
    """A linear decoder with Gaussian pixels of known variance."""
    gap = images.flatten(1) - latents @ WEIGHTS.T
    return 0.5 * (gap.square() / VARIANCE + math.log(2 * math.pi * VARIANCE)).sum(1)


def exact_posterior(images: Tensor) -> tuple[Tensor, Tensor]:
    precision = torch.eye(2) + WEIGHTS.T @ WEIGHTS / VARIANCE
    return images.flatten(1) @ WEIGHTS @ torch.linalg.inv(precision).T / VARIANCE, precision


def test_an_encoder_that_is_right_has_next_to_no_regret_and_a_wrong_one_gets_it_back() -> None:
    images = (torch.randn((40, 2), generator=torch.Generator().manual_seed(0)) @ WEIGHTS.T).view(-1, 1, 2, 2)
    mean, precision = exact_posterior(images)
    log_variance = -precision.diagonal().log().expand_as(mean)
    right = likelihood_regret(images, mean, log_variance, linear_nats, 200, seed=0)
    wrong = likelihood_regret(images, mean + 1.0, log_variance, linear_nats, 200, seed=0)
    assert (right.regret_nats >= 0).all()
    assert wrong.regret_nats.mean() > 10 * right.regret_nats.mean()
    # Both end at the same bound, whatever they started from.
    assert wrong.elbo_nats + wrong.regret_nats == pytest.approx(right.elbo_nats + right.regret_nats, abs=0.3)
    none = likelihood_regret(images, mean, log_variance, linear_nats, 0, seed=0)
    assert none.regret_nats == pytest.approx(0.0)
    assert none.elbo_nats == pytest.approx(right.elbo_nats)


def test_images_of_another_kind_are_regretted() -> None:
    generator = torch.Generator().manual_seed(0)
    inside = (torch.randn((60, 2), generator=generator) @ WEIGHTS.T).view(-1, 1, 2, 2)
    mean, precision = exact_posterior(inside)
    log_variance = -precision.diagonal().log().expand_as(mean)
    # An encoder that has learned the inside alone answers 0 to what it does not know.
    outside = 3 * inside.flip(0)
    found = {
        name: likelihood_regret(images, codes, log_variance, linear_nats, 50, seed=0).regret_nats
        for name, images, codes in (("in", inside, mean), ("out", outside, torch.zeros_like(mean)))
    }
    result = detect("zeros", {"likelihood regret": found["in"]}, {"likelihood regret": found["out"]},
                    np.random.default_rng(0))  # fmt: skip
    assert result.scores[0].auroc.value > 0.95


def test_gaussian_kl_is_the_closed_form() -> None:
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(4.0)]])
    assert gaussian_kl(mean, log_variance).item() == pytest.approx(0.5 + 0.5 * (4 - 1 - math.log(4)))


def test_scores_that_part_perfectly_have_an_area_of_one_and_the_failure_is_said() -> None:
    rng = np.random.default_rng(0)
    low, high = rng.normal(0, 1, 80), rng.normal(20, 1, 60)
    right = detect("digits", {"negative ELBO": low}, {"negative ELBO": high}, np.random.default_rng(0))
    assert right.scores[0].auroc.value == 1.0
    assert right.likelihood_misleads is False
    assert (right.inside_images, right.outside_images) == (80, 60)
    wrong = detect("digits", {"negative ELBO": high}, {"negative ELBO": low}, np.random.default_rng(0))
    assert wrong.scores[0].auroc.value == 0.0
    assert wrong.likelihood_misleads is True
    chance = detect("same", {"negative ELBO": low}, {"negative ELBO": low}, np.random.default_rng(0))
    assert chance.likelihood_misleads is False
    none = detect("digits", {"reconstruction error": low}, {"reconstruction error": high},
                  np.random.default_rng(0), verbatim("no likelihood"))  # fmt: skip
    assert none.likelihood_misleads is None
    assert none.not_applicable == verbatim("no likelihood")


def test_exchanged_quarters_keep_every_pixel_and_come_back() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 8, 8)).astype(np.uint8)
    other = exchange_quarters(images)
    assert np.array_equal(other[:, :, :4, :4], images[:, :, 4:, 4:])
    assert np.array_equal(exchange_quarters(other), images)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40), st.lists(st.integers(-8, 8), min_size=1))
def test_code_lengths_are_those_of_a_code_that_exists(known: list[int], cells: list[int]) -> None:
    lengths = code_lengths(np.array(known), np.array(cells))
    assert (lengths > 0).all() or len(set(known + cells)) == 1
    distinct = dict(zip(cells, lengths, strict=True))
    assert sum(2.0**-length for length in distinct.values()) <= 1 + 1e-9  # Kraft


def pixels(latents: NDArray[np.floating]) -> NDArray[np.float64]:
    """The picture is the code, clipped to the range of pixels."""
    return np.clip(latents, 0, 1)[:, None, None, :]


def drawn(latents: NDArray[np.float32]) -> NDArray[np.float32]:
    return pixels(latents).astype(np.float32)


def test_more_bits_cost_less_error_down_to_what_the_decoder_cannot_do() -> None:
    rng = np.random.default_rng(0)
    codes = rng.random((900, 4))
    codes[:, 1:] = 0.5 + 0.1 * (codes[:, 1:] - 0.5)
    images = np.round(pixels(codes) * 255).astype(np.uint8)
    found = compress(
        codes[:600], codes[600:], images[600:], (0, 1, 2, 3), without_noise(drawn), np.random.default_rng(0)
    )
    for curve in (found.precision, found.size):
        rates = [point.rate_bits.value for point in curve]
        errors = [point.distortion.value for point in curve]
        assert rates == sorted(rates)
        assert errors == sorted(errors, reverse=True)
        assert all(point.rate_bits.low is not None for point in curve)
    assert found.size[0].rate_bits.value == 0.0
    assert found.size[0].distortion.value == pytest.approx(codes.var(axis=0).mean(), rel=0.1)
    # A uniform dimension in cells an eighth of its spread wide: log2(12^0.5 * 8) bits each.
    assert found.precision[-1].rate_bits.value == pytest.approx(4 * math.log2(12**0.5 * 8), rel=0.05)
    # Rounding error of a uniform cell, and the byte's own.
    step = 0.125 * codes[:600].std(axis=0)
    assert found.precision[-1].distortion.value == pytest.approx(
        (step**2 / 12).mean() + 1 / 255**2 / 12, rel=0.2
    )
    assert found.raw_bits == 32


def two_kinds(n: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Codes whose first dimension says the kind, under noise in eleven others."""
    labels = rng.random(n) < 0.5
    codes = 0.5 + 0.12 * rng.standard_normal((n, 12))
    codes[:, 0] = 0.5 + 0.1 * np.where(labels, 1, -1) + 0.05 * rng.standard_normal(n)
    return codes, labels


@pytest.mark.parametrize("honest", [True, False])
def test_generated_images_help_where_they_are_of_their_kind_and_harm_where_they_are_not(honest: bool) -> None:
    rng = np.random.default_rng(0)
    codes, labels = two_kinds(1200, rng)
    images = np.round(pixels(codes) * 255).astype(np.uint8)
    attribute_classes = classes_of(
        (Attribute("kind", "binary", ("no", "yes")),), labels[:, None].astype(float)
    )

    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        made = latents.astype(np.float64).copy()
        made[:, 0] = made[:, 0] if honest else 1.0 - made[:, 0]
        return pixels(made).astype(np.float32)

    (curve,) = augment(
        codes[:300],
        images[:300],
        labels[:300, None],
        images[300:],
        labels[300:, None],
        attribute_classes,
        without_noise(decode),
        np.random.default_rng(1),
        labelled=(20, 4000),
        components=12,
    )
    (point,) = curve.points  # four thousand labelled images are not there
    assert point.labelled == 20
    assert point.difference.value == pytest.approx(point.with_generated.value - point.without.value)
    assert point.difference.low is not None
    assert point.difference.high is not None
    if honest:
        assert point.difference.low > -0.02
    else:
        assert point.difference.high < 0
