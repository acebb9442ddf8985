"""Traversals of a decoder that paints its code, so every pixel of a strip is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.latent_space.traversal import default_anchors, shifted, to_uint8, traverse


def paint(latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixel j of a one-row image is 0.5 + z_j / 10."""
    return (0.5 + latents / 10.0)[:, None, None, :]


@pytest.fixture
def means() -> NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal((400, 3)) * np.array([1.0, 2.0, 0.1])


def test_strips_are_ordered_by_kl_and_stand_at_own_quantiles(means: NDArray[np.float64]) -> None:
    result = traverse(
        without_noise(paint),
        means,
        [0.2, 1.5, 0.0],
        ["a", "b", "c"],
        np.random.default_rng(1),
        anchors=[7],
        quantiles=(0.1, 0.5, 0.9),
    )
    assert [row.name for row in result.rows] == ["b", "a", "c"]
    assert [row.dimension for row in result.rows] == [1, 0, 2]
    np.testing.assert_allclose(result.values[0], np.quantile(means[:, 1], (0.1, 0.5, 0.9)))
    assert result.sheet.shape == (9, 1, 1, 3)
    assert result.sheet.dtype == np.uint8
    expected = np.tile(means[7].astype(np.float32), (3, 1))
    expected[:, 1] = result.values[0]
    np.testing.assert_array_equal(result.sheet[:3], to_uint8(paint(expected)))
    np.testing.assert_array_equal(result.first_sheet(), result.sheet)
    span = result.values[0, -1] - result.values[0, 0]
    assert result.rows[0].moved.value == pytest.approx(span / 10 / 3, abs=1 / 255)


def test_several_anchors_are_stacked_and_the_first_is_the_middle_image(means: NDArray[np.float64]) -> None:
    arguments = (without_noise(paint), means, [1.0, 1.0, 1.0], ["a", "b", "c"])
    result = traverse(*arguments, np.random.default_rng(1))
    again = traverse(*arguments, np.random.default_rng(1))
    assert len(result.anchors) == len(set(result.anchors)) == 4
    distances = (((means - np.median(means, axis=0)) / means.std(axis=0)) ** 2).sum(axis=1)
    assert result.anchors[0] == distances.argmin()
    assert result.sheet.shape == (4 * 3 * 7, 1, 1, 3)
    assert result.first_sheet().shape == (3 * 7, 1, 1, 3)
    np.testing.assert_array_equal(result.sheet, again.sheet)
    assert result.anchors == again.anchors


def test_a_model_without_a_kl_is_ordered_by_the_variance_of_its_code(means: NDArray[np.float64]) -> None:
    result = traverse(without_noise(paint), means, None, ["a", "b", "c"], np.random.default_rng(1))
    assert [(row.name, row.kl_nats) for row in result.rows] == [("b", None), ("a", None), ("c", None)]


def test_the_number_of_rows_can_be_limited(means: NDArray[np.float64]) -> None:
    result = traverse(
        without_noise(paint),
        means,
        [0.0, 2.0, 1.0],
        ["a", "b", "c"],
        np.random.default_rng(1),
        most_dimensions=2,
    )
    assert [row.name for row in result.rows] == ["b", "c"]


def test_an_anchor_is_never_drawn_twice_even_from_few_images() -> None:
    assert sorted(default_anchors(np.eye(3), np.random.default_rng(0))) == [0, 1, 2]


def test_bad_input_gets_a_sentence(means: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="a KL and a name a dimension"):
        traverse(without_noise(paint), means, [1.0], ["a", "b", "c"], rng)
    with pytest.raises(ValueError, match="ascending"):
        traverse(without_noise(paint), means, [1.0] * 3, ["a", "b", "c"], rng, quantiles=(0.9, 0.1))


def test_numbers_added_to_a_dimension_leave_the_others_as_they_are() -> None:
    means = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    given: list[np.ndarray] = []

    def decode(codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        given.append(codes)
        assert set(rows.tolist()) == {4}
        return np.clip(codes[:, :1, None, None], 0, 1)

    sheet = shifted(decode, means, [2, 0], 4, [-1.0, 0.0, 1.0])
    assert sheet.shape == (6, 1, 1, 1)
    (codes,) = given
    expected = np.tile(means[4], (6, 1))
    expected[:3, 2] += [-1, 0, 1]
    expected[3:, 0] += [-1, 0, 1]
    np.testing.assert_allclose(codes, expected, rtol=1e-6)
