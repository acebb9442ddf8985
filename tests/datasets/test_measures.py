"""Measures of digits and clothes on drawings whose answers are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from latent_audit.tasks.datasets import clothing_measures, digit_measures
from latent_audit.tasks.datasets.clothing_measures import measure_clothes
from latent_audit.tasks.datasets.digit_measures import _squared_distance, measure_digits

INK, HEIGHT, WIDTH, SLANT, THICKNESS = range(5)


def bar(top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
    image = np.zeros((28, 28), np.uint8)
    image[top : top + height, left : left + width] = 255
    return image


@pytest.mark.parametrize("width", [2, 3, 4, 5, 6, 8])
def test_a_bar_is_as_thick_as_it_was_drawn(width: int) -> None:
    upright, lying = bar(4, 9, 20, width), bar(9, 4, width, 20)
    values = measure_digits(np.stack([upright, lying]))
    np.testing.assert_allclose(values[:, THICKNESS], width, atol=0.26)
    np.testing.assert_allclose(values[:, INK], 20 * width / 784)
    np.testing.assert_allclose(values[:, HEIGHT], 0.98 * np.array([20, width]), rtol=1e-9)
    np.testing.assert_allclose(values[:, WIDTH], 0.98 * np.array([width, 20]), rtol=1e-9)
    np.testing.assert_allclose(values[:, SLANT], 0, atol=1e-9)


@pytest.mark.parametrize("columns_a_row", [-0.5, -0.2, 0.0, 0.3, 0.6])
def test_slant_is_the_angle_of_a_leaning_bar_and_does_not_widen_it(columns_a_row: float) -> None:
    rows = np.arange(4, 24)
    image = np.zeros((28, 28), np.float64)
    for row in rows:  # grey edges place the bar between pixels
        left = 12.0 - columns_a_row * (row - 13.5)
        columns = np.arange(28)
        image[row] = np.clip(np.minimum(columns + 1, left + 4) - np.maximum(columns, left), 0, 1) * 255
    values = measure_digits(np.round(image).astype(np.uint8)[None])[0]
    assert values[SLANT] == pytest.approx(np.degrees(np.arctan(columns_a_row)), abs=0.5)
    assert values[WIDTH] == pytest.approx(0.98 * 4, abs=1.0)  # grey edges reach a pixel further
    assert values[HEIGHT] == pytest.approx(0.98 * 20, abs=0.1)


def test_a_blank_digit_measures_nothing() -> None:
    assert not measure_digits(np.zeros((2, 28, 28), np.uint8)).any()


def test_ring_is_as_thick_as_its_band() -> None:
    row, column = np.mgrid[:28, :28] - 13.5
    radius = np.hypot(row, column)
    ring = (np.clip(11.5 - radius, 0, 1) * np.clip(radius - 6.5, 0, 1) * 255).astype(np.uint8)
    assert measure_digits(ring[None])[0, THICKNESS] == pytest.approx(4.0, abs=0.4)


@given(st.integers(0, 2**32 - 1))
def test_distances_are_exact_where_strokes_are_thin(seed: int) -> None:
    inside = np.random.default_rng(seed).random((2, 20, 20)) < 0.9
    framed = np.pad(inside, ((0, 0), (1, 1), (1, 1)))
    exact = np.stack([distance_transform_edt(image)[1:-1, 1:-1] for image in framed])
    np.testing.assert_allclose(_squared_distance(inside), np.minimum(exact**2, 121), atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_measures_do_not_depend_on_the_other_images_in_the_batch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (3, 28, 28), dtype=np.uint8) * (rng.random((3, 28, 28)) < 0.2)
    images = images.astype(np.uint8)
    for measure in (measure_digits, measure_clothes):
        alone = np.concatenate([measure(image[None]) for image in images])
        np.testing.assert_allclose(measure(images), alone, atol=1e-9)


def test_clothes_measures_of_drawn_rectangles() -> None:
    centred = bar(4, 10, 20, 8)
    half = np.zeros((28, 28), np.uint8)
    half[:, :14] = 102
    values = measure_clothes(np.stack([centred, half, np.zeros((28, 28), np.uint8)]))
    np.testing.assert_allclose(values[0], [160 / 784, 2.5, 1.0, 1.0])
    np.testing.assert_allclose(values[1], [0.5, 2.0, 0.4, -1.0])
    np.testing.assert_allclose(values[2], [0, 1, 0, 1])


def test_columns_and_attributes_agree() -> None:
    blank = np.zeros((1, 28, 28), np.uint8)
    assert measure_digits(blank).shape[1] == len(digit_measures.ATTRIBUTES)
    assert measure_clothes(blank).shape[1] == len(clothing_measures.ATTRIBUTES)
