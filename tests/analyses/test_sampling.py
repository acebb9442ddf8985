"""Samples that are copies, samples that are new, and the exact nearest neighbour."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.sampling import nearest_images, sample_images


def noise(n: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (n, 1, 4, 4)).astype(np.uint8)


def test_a_model_that_repeats_its_training_images_is_found_out() -> None:
    training, held_out = noise(60, 0), noise(40, 1)
    result = sample_images(
        lambda count, rng: training[rng.integers(0, 60, count)] / 255.0,
        30,
        training,
        held_out,
        np.random.default_rng(2),
    )
    np.testing.assert_array_equal(result.images, result.nearest)
    assert result.copied.value == 1.0
    assert result.closer_than_held_out.value == 1.0
    assert (result.distances == 0).all()


def test_new_images_are_no_closer_than_held_out_ones() -> None:
    result = sample_images(
        lambda count, rng: rng.random((count, 1, 4, 4)),
        300,
        noise(60, 0),
        noise(300, 1),
        np.random.default_rng(2),
    )
    assert result.copied.value == 0.0
    assert result.closer_than_held_out.value == pytest.approx(0.05, abs=0.05)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_the_nearest_image_is_the_nearest_whatever_the_chunk(seed: int, chunk: int) -> None:
    queries, images = noise(5, seed), noise(12, seed + 1)
    rows, distances = nearest_images(queries, images, chunk)
    all_distances = np.sqrt(
        (((queries[:, None].astype(float) - images[None]) / 255.0) ** 2).reshape(5, 12, -1).mean(axis=2)
    )
    np.testing.assert_array_equal(rows, all_distances.argmin(axis=1))
    np.testing.assert_allclose(distances, all_distances.min(axis=1))


def test_an_empty_side_is_refused() -> None:
    with pytest.raises(ValueError, match="one side is empty"):
        sample_images(
            lambda n, rng: np.zeros((n, 1, 4, 4)), 3, noise(0, 0), noise(3, 1), np.random.default_rng(0)
        )
