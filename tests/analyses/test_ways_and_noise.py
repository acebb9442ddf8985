"""Ways between codes, noise on dimensions, and distances of sets, each against a closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.interpolation import interpolate, linear_path, spherical_path
from latent_audit.tasks.analyses.latent_space.perturbation import perturb
from latent_audit.tasks.analyses.scores.frechet_distance import compare_samples, frechet_distance
from latent_audit.tasks.datasets.attributes import Attribute


def decode(latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The picture is the code: one pixel a dimension."""
    return latents[:, None, None, :]


def flat(images: NDArray[np.floating]) -> NDArray[np.floating]:
    return images.reshape(len(images), -1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(3, 9))
def test_both_ways_meet_their_ends_and_the_sphere_is_kept(seed: int, dimensions: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    start, end = rng.standard_normal((2, 4, dimensions))
    for way in (linear_path, spherical_path):
        path = way(start, end, steps)
        assert path.shape == (4, steps, dimensions)
        assert path[:, 0] == pytest.approx(start, abs=1e-9)
        assert path[:, -1] == pytest.approx(end, abs=1e-9)
    start, end = (ends / np.linalg.norm(ends, axis=1, keepdims=True) for ends in (start, end))
    turned = spherical_path(start, end, steps)
    angles = np.arccos(np.clip((start * end).sum(axis=1), -1, 1))
    on_the_sphere = np.sin(angles) > 1e-3
    assert np.linalg.norm(turned, axis=2)[on_the_sphere] == pytest.approx(1.0, abs=1e-6)
    steps_taken = np.linalg.norm(np.diff(turned, axis=1), axis=2)[on_the_sphere]
    assert steps_taken == pytest.approx(np.broadcast_to(steps_taken[:, :1], steps_taken.shape), abs=1e-6)


def test_codes_that_point_the_same_way_are_joined_by_the_straight_line() -> None:
    start, end = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[3.0, 0.0], [1.0, 1.0]])
    assert spherical_path(start, end, 5) == pytest.approx(linear_path(start, end, 5))


def test_a_straight_line_is_smooth_where_the_classifier_sees_the_code_itself() -> None:
    codes = np.random.default_rng(0).standard_normal((80, 3)).astype(np.float32)
    found = interpolate(codes, decode, flat, np.random.default_rng(0), pairs=20, steps=5, shown=2)
    paths = {path.kind: path for path in found.paths}
    assert list(paths) == ["linear", "spherical", "pixels"]
    assert paths["linear"].straightness.value == pytest.approx(1.0)
    assert paths["linear"].largest_step.value == pytest.approx(1.0, abs=1e-5)
    assert paths["spherical"].straightness.value < 0.99
    assert paths["pixels"].straightness.value == pytest.approx(1.0)
    assert found.pictures.shape == (2 * 3 * 5, 1, 1, 3)


def test_a_classifier_that_sees_classes_makes_one_large_step() -> None:
    codes = np.array([[-1.0], [1.0]], dtype=np.float32)
    found = interpolate(
        codes, decode, lambda images: (flat(images) > 0.1) * 1.0, np.random.default_rng(0), pairs=1, steps=5
    )
    assert found.paths[0].straightness.value == 1.0
    assert found.paths[0].largest_step.value == 4.0


def test_too_few_codes_get_a_sentence() -> None:
    with pytest.raises(ValueError, match="two codes and three steps"):
        interpolate(np.zeros((1, 2), np.float32), decode, flat, np.random.default_rng(0))


def test_noise_on_a_linear_world_answers_with_its_slopes() -> None:
    attributes = (Attribute("width", "continuous"), Attribute("turn", "cyclic", period=1.0))
    slopes = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    codes = np.random.default_rng(0).standard_normal((4000, 2)).astype(np.float32)
    table = perturb(
        codes,
        np.array([1.0, 0.5]),
        ("z0", "z1"),
        attributes,
        {"width": (0,), "turn": (1, 2)},
        decode,
        lambda images: flat(images) @ slopes,
        np.random.default_rng(0),
        noise=0.25,
    )
    expected = 0.25 * np.sqrt(2 / np.pi)  # mean of |normal|
    first, second = table.rows
    assert first.image.value == pytest.approx(expected / 2, rel=0.05)  # one of two pixels moves
    assert second.image.value == pytest.approx(expected / 4, rel=0.05)
    assert [value.value for value in first.attributes] == pytest.approx([2 * expected, 0.0], rel=0.05)
    assert second.attributes[1].value == pytest.approx(0.5 * expected * 2**0.5, rel=0.05)
    assert table.units == ("standard deviations", "standard deviations")


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (2.0, 1.0), (0.0, 3.0), (1.0, 2.0)])
def test_frechet_distance_of_normals_is_its_closed_form(shift: float, spread: float) -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((20_000, 3))
    other = shift + spread * rng.standard_normal((20_000, 3))
    assert frechet_distance(points, other) == pytest.approx(3 * (shift**2 + (spread - 1) ** 2), abs=0.2)


def test_frechet_distance_of_a_set_to_itself_is_nothing_and_of_few_points_is_no_number_gone_wrong() -> None:
    points = np.random.default_rng(0).standard_normal((30, 40))  # fewer points than features
    assert frechet_distance(points, points) == pytest.approx(0.0, abs=1e-4)


def test_good_samples_are_as_near_as_real_images_and_shifted_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    real, same = rng.standard_normal((400, 5)), rng.standard_normal((200, 5))
    shifted = same + 2.0
    good = compare_samples(same, real, np.random.default_rng(1))
    bad = compare_samples(shifted, real, np.random.default_rng(1))
    assert good.samples.value < 2 * good.real.value + 0.1
    assert bad.samples.low is not None
    assert good.real.high is not None
    assert bad.samples.low > good.real.high
    assert bad.samples.value == pytest.approx(20.0, rel=0.2)
    again = compare_samples(shifted, real, np.random.default_rng(1))
    assert again == bad
