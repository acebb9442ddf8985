"""What generated images add to a CNN, where the answer is known."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.applications.augmented_cnn import (
    accuracies,
    gains,
    generate,
    split_repeats,
    with_real,
)
from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = tuple(Attribute(name, "binary", classes=("no", "yes")) for name in ("first", "second"))


def test_no_image_is_in_two_repeats() -> None:
    fit, test = np.arange(0, 400, 2), np.arange(1, 61, 2)
    found = split_repeats(fit, test, 4, 30, 100, seed=0)
    labelled = np.concatenate([repeat.labelled for repeat in found])
    assert len(set(labelled)) == len(labelled) == 120
    assert set(labelled) <= set(fit)
    # There are thirty held-out images, fewer than were asked for.
    scored = np.concatenate([repeat.held_out for repeat in found])
    assert len(set(scored)) == len(scored) == 28
    assert set(scored) <= set(test)
    assert {len(repeat.held_out) for repeat in found} == {7}


def test_images_are_of_the_class_that_they_were_generated_for() -> None:
    rng = np.random.default_rng(0)
    labels = np.stack([np.arange(40) % 2 == 0, np.arange(40) < 3], axis=1)  # three of the second: too few
    codes = np.where(labels[:, :1], 0.9, 0.1) + 0.02 * rng.standard_normal((40, 4))

    def decode(latents):
        return np.clip(latents, 0, 1)[:, None, None, :]

    images, values = generate(codes, labels, 20, without_noise(decode), rng)
    assert images.shape == (20, 1, 1, 4)
    assert np.isnan(values[:, 1]).all()
    assert values[:, 0].tolist() == [1.0] * 10 + [0.0] * 10
    bright = images.reshape(20, -1).mean(axis=1) / 255
    assert bright[:10] == pytest.approx(0.9, abs=0.05)
    assert bright[10:] == pytest.approx(0.1, abs=0.05)
    none, _ = generate(codes, labels[:, 1:], 20, without_noise(decode), rng)
    assert none.shape == (0, 1, 1, 4)


def test_labelled_images_are_half_of_what_is_learnt_from_or_more() -> None:
    images, labels = np.zeros((4, 1, 2, 2), np.uint8), np.zeros((4, 2))
    generated, known = np.ones((9, 1, 2, 2), np.uint8), np.full((9, 2), np.nan)
    both, values = with_real(images, labels, generated, known)
    assert (len(both), len(values)) == (21, 21)
    assert (both.reshape(21, -1).max(axis=1) == 0).sum() == 12
    alone, _ = with_real(images, labels, generated[:0], known[:0])
    assert len(alone) == 4


def test_the_interval_is_student_s_over_repeats() -> None:
    classes = classes_of(ATTRIBUTES, np.array([[0.0, 1.0], [1.0, 0.0]]))
    without = np.array([[0.6, 0.5], [0.7, 0.5], [0.65, 0.5]])
    with_generated = without + np.array([[0.1, 0.0], [0.2, 0.0], [0.15, 0.0]])
    (row,) = gains(classes, without, with_generated, [True, False])
    assert (row.attribute, row.meaning) == ("first", "first = yes")
    assert row.difference.value == pytest.approx(0.15)
    half = 4.302653 * 0.05 / 3**0.5  # Student's quantile with two degrees of freedom
    assert (row.difference.low, row.difference.high) == pytest.approx((0.15 - half, 0.15 + half), rel=1e-4)
    assert row.difference.n == 3


def test_accuracies_are_balanced() -> None:
    truth = np.array([[True], [False], [False], [False]])
    assert accuracies(truth, np.array([[0.9], [0.1], [0.2], [0.8]]))[0] == pytest.approx((1 + 2 / 3) / 2)
