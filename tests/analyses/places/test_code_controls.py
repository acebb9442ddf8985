"""Controls of codes whose answers are known, and the frames and effects that follow from them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latent_audit.tasks.analyses.latent_space.code_controls import (
    QUANTILES,
    attribute_control,
    dimension_control,
    group_control,
)
from latent_audit.tasks.analyses.latent_space.place_frames import (
    SHOWN,
    along_control,
    effect_of,
    shown_levels,
    with_donors,
)
from latent_audit.tasks.datasets.attributes import Attribute

SIZE = Attribute("size", "continuous")
SHAPE = Attribute("shape", "categorical", classes=("a", "b", "c"))
TURN = Attribute("turn", "cyclic", period=4.0)


@pytest.fixture
def codes() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32)


def test_a_dimension_is_set_and_nothing_else(codes: np.ndarray) -> None:
    control = dimension_control("z1", 1, codes)
    assert_allclose(control.levels[:, 0], np.quantile(codes[:, 1].astype(float), QUANTILES))
    moved = control.moved(codes, control.levels[-1])
    assert_allclose(moved[:, 1], control.levels[-1, 0], rtol=1e-6)
    assert_allclose(moved[:, [0, 2]], codes[:, [0, 2]])


def test_a_direction_gives_each_code_the_reading_that_was_asked_for(codes: np.ndarray) -> None:
    filters = np.array([[1.0], [1.0], [0.0]])
    pattern = np.array([[0.5], [0.5], [0.1]])  # filters' pattern is 1
    values = codes[:, 0].astype(float) + codes[:, 1]
    control = attribute_control(SIZE, (0, 1), filters, pattern, codes, values)
    assert control is not None
    moved = control.moved(codes, np.array([0.7]))
    assert_allclose(moved.astype(float) @ control.filters, 0.7, atol=1e-5)


def test_levels_go_from_less_to_more_of_the_attribute(codes: np.ndarray) -> None:
    falling = -codes[:, 2].astype(float)
    control = group_control(SIZE, (2,), codes, falling)
    assert control is not None
    first, last = (control.moved(codes[:1], control.levels[end])[0, 2] for end in (0, -1))
    assert -first < -last


def test_classes_are_set_to_their_mean_readings(codes: np.ndarray) -> None:
    labels = np.arange(500, dtype=np.float64) % 2 * 2  # the second class has no image
    control = group_control(SHAPE, (0, 1), codes, labels)
    assert control is not None
    assert control.kind == "classes"
    assert control.marks.tolist() == [0.0, 2.0]
    assert_allclose(control.levels[1], codes[labels == 2.0][:, :2].mean(axis=0), rtol=1e-5)
    assert group_control(SHAPE, (0, 1), codes, np.zeros(500)) is None


def test_a_cycle_is_gone_round(codes: np.ndarray) -> None:
    values = np.linspace(0.0, 4.0, 500, endpoint=False)
    control = group_control(TURN, (0, 1), codes, values)
    assert control is not None
    assert control.kind == "around"
    assert_allclose(control.marks, np.arange(10) * 0.4)
    assert shown_levels(control) == [0, 2, 4, 6, 8]


def test_frames_are_five_quantiles(codes: np.ndarray) -> None:
    control = dimension_control("z0", 0, codes)
    frames = along_control(SIZE, "dimension", (), control, codes[3], None)
    assert_allclose(frames.marks, SHOWN)
    assert_allclose(frames.codes[:, 0], np.quantile(codes[:, 0].astype(float), SHOWN), rtol=1e-5)
    assert_allclose(frames.codes[:, 1:], np.tile(codes[3, 1:], (5, 1)))
    assert frames.effect is None


def test_a_block_is_taken_from_the_images_nearest_to_the_levels(codes: np.ndarray) -> None:
    values = np.arange(500, dtype=float)
    frames = with_donors(SIZE, (0, 2), codes[7], codes, values)
    rows = [int(mark) for mark in frames.marks]
    assert_allclose(values[rows], np.quantile(values, SHOWN), atol=0.5)
    assert_allclose(frames.codes[:, [0, 2]], codes[rows][:, [0, 2]])
    assert_allclose(frames.codes[:, 1], codes[7, 1])


def test_an_effect_is_in_the_attributes_unit(codes: np.ndarray) -> None:
    control = dimension_control("z0", 0, codes)
    found = effect_of(SIZE, control, (1,), 3.0, codes, lambda moved: moved[:, [2, 0]] * 2, 100, 0)
    assert found is not None
    estimate, unit = found
    assert unit == "own"
    assert estimate.value == pytest.approx(6.0 * (control.levels[-1, 0] - control.levels[0, 0]), rel=1e-5)


def test_an_effect_on_classes_is_how_many_are_read_as_set(codes: np.ndarray) -> None:
    labels = np.arange(500, dtype=np.float64) % 3
    control = group_control(SHAPE, (0, 1), codes, labels)
    assert control is not None
    found = effect_of(
        SHAPE,
        control,
        (0, 1, 2),
        1.0,
        codes,
        lambda moved: np.eye(3, dtype=np.float32)[np.zeros(len(moved), int)],
        100,
        0,
    )
    assert found is not None
    assert found[0].value == pytest.approx(1 / 3)
    assert found[1] == "named"
    cycle = group_control(TURN, (0, 1), codes, np.linspace(0.0, 4.0, 500, endpoint=False))
    assert cycle is not None
    assert effect_of(TURN, cycle, (0, 1), 1.0, codes, lambda moved: moved, 100, 0) is None
