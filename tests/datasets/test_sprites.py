"""Sprites: agreement with published images, laws of the grid, and bad indices."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from latent_audit.tasks.datasets import sprites


def test_agree_with_the_published_images(real_data: Path) -> None:
    published = np.load(real_data / "dsprites" / "dsprites_12_labelled.npz", allow_pickle=False)
    values = published["latents_values"]
    grid = (sprites.SCALES, sprites.ORIENTATIONS, sprites.POSITIONS, sprites.POSITIONS)
    nearest = [np.abs(values[:, k + 2, None] - levels).argmin(axis=1) for k, levels in enumerate(grid)]
    classes = np.stack([values[:, 1].astype(np.int64) - 1, *nearest], axis=1)
    drawn = sprites.render(classes)[:, 0] > 0
    true = published["imgs"] > 0
    overlap = (drawn & true).sum(axis=(1, 2)) / (drawn | true).sum(axis=(1, 2))
    assert overlap.mean() >= 0.95
    assert overlap.min() >= 0.88
    np.testing.assert_allclose(sprites.true_values(classes)[:, 1:], values[:, 2:], atol=1e-6)


cells = st.tuples(*(st.integers(0, size - 1) for size in sprites.FACTOR_SIZES))


@settings(max_examples=60, deadline=None)
@given(cells, st.sampled_from([32, 64]))
def test_area_centre_and_border_follow_the_factors(cell: tuple[int, ...], size: int) -> None:
    image = sprites.render(np.array([cell]), size)[0, 0]
    shape, scale = cell[0], sprites.SCALES[cell[1]]
    assert set(np.unique(image)) == {0, 255}
    pixel = 64 / size
    true_area = (4 * 9.70**2, np.pi * 12.98 * 7.23, 3.66197 * 8.1**2)[shape] * scale**2
    edge = 2 * np.pi * np.sqrt(true_area / np.pi) * pixel
    assert abs((image > 0).sum() * pixel**2 - true_area) < 0.5 * edge
    rows, columns = np.nonzero(image)
    slack = 0.6 * pixel if shape < 2 else 0.6 * pixel + 2.2 * scale
    assert abs((columns.mean() + 0.5) * pixel - 0.5 - (15.57 + 31.87 * sprites.POSITIONS[cell[3]])) < slack
    assert abs((rows.mean() + 0.5) * pixel - 0.5 - (15.44 + 32.06 * sprites.POSITIONS[cell[4]])) < slack
    assert not image[[0, -1]].any()
    assert not image[:, [0, -1]].any()


@pytest.mark.parametrize("size", [32, 64])
def test_windows_hold_the_whole_outline(size: int) -> None:
    rng = np.random.default_rng(0)
    classes = np.stack([rng.integers(0, k, 60) for k in sprites.FACTOR_SIZES], axis=1)
    classes[:, 1] = 5
    offsets = (np.arange(4) + 0.5) / 4
    points = (np.arange(size)[:, None] + offsets).ravel() * 64 / size - 0.5
    for cell, drawn in zip(classes, sprites.render(classes, size)[:, 0], strict=True):
        x = points[None, :] - (15.57 + 31.87 * sprites.POSITIONS[cell[3]])
        y = points[:, None] - (15.44 + 32.06 * sprites.POSITIONS[cell[4]])
        turn = sprites.ORIENTATIONS[cell[2]]
        u, v = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
        heart_u, heart_v = u / 8.1, -v / 8.1 + 0.065
        inside = (
            np.maximum(abs(u), abs(v)) < 9.70,
            (u / 12.98) ** 2 + (v / 7.23) ** 2 < 1,
            (heart_u**2 + heart_v**2 - 1) ** 3 - heart_u**2 * heart_v**3 < 0,
        )[cell[0]]
        expected = inside.reshape(size, 4, size, 4).mean(axis=(1, 3)) > 0.5
        assert (
            expected != (drawn > 0)
        ).sum() <= 1  # a sample on the very edge may fall either way in float32


def test_both_ends_of_orientation_are_one_image() -> None:
    ends = sprites.render(np.array([[2, 3, 0, 7, 9], [2, 3, 39, 7, 9]]))
    assert (ends[0] != ends[1]).sum() <= 2


def test_load_is_repeatable_and_typed(tmp_path: Path) -> None:
    wanted = sprites.SpritesSettings(images=500)
    loaded = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        loaded.append(wanted.load(tmp_path, tmp_path / name, seed=4))
    first, second = loaded
    assert first.images.shape == (500, 1, 32, 32)
    assert isinstance(first.images, np.memmap)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.values, second.values)
    assert len(np.unique(first.values, axis=0)) == 500
    assert first.masks is not None
    np.testing.assert_array_equal(first.masks, first.images[:, 0] > 0)
    assert [a.kind for a in first.attributes] == [
        "categorical",
        "continuous",
        "cyclic",
        "continuous",
        "continuous",
    ]
    assert first.factor_sizes == (3, 6, 40, 32, 32)
    assert wanted.files() == ()


def test_own_seed_stands_above_the_runs_seed() -> None:
    assert (sprites.choose_classes(50, 1) != sprites.choose_classes(50, 2)).any()
    assert len(np.unique(sprites.choose_classes(None, 0), axis=0)) == sprites.GRID_CELLS


@pytest.mark.parametrize(
    ("classes", "size", "text"),
    [
        ([[0, 0, 0, 0]], 64, r"\(n, 5\)"),
        ([[3, 0, 0, 0, 0]], 64, "0..size-1"),
        ([[0, 0, -1, 0, 0]], 64, "0..size-1"),
        ([[0, 0, 0, 0, 0]], 8, "16 pixels"),
    ],
)
def test_bad_indices_get_a_sentence(classes: list[list[int]], size: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        sprites.render(np.array(classes), size)


@pytest.mark.parametrize("wrong", [{"images": 0}, {"images": 737_281}, {"image_size": 48}, {"colour": 1}])
def test_settings_refuse(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        sprites.SpritesSettings.model_validate(wrong)
