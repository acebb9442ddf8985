"""Painted sprites: colour and texture are what the values say, and the shapes are those of the sprites."""

from pathlib import Path

import numpy as np
import pytest

from latent_audit.tasks.datasets import painted_sprites, sprites
from latent_audit.tasks.datasets.painted_sprites import COLOURS, DARK, PaintedSpritesSettings


@pytest.mark.parametrize("size", [32, 64])
def test_colour_and_texture_are_what_the_values_say(tmp_path: Path, size: int) -> None:
    found = PaintedSpritesSettings(images=300, image_size=size).load(tmp_path, tmp_path, seed=0)
    names = [attribute.name for attribute in found.attributes]
    assert names == ["shape", "scale", "orientation", "posX", "posY", "colour", "texture"]
    assert found.masks is not None
    assert found.images.shape == (300, 3, size, size)
    for image, mask, values in zip(found.images, found.masks, found.values, strict=True):
        colour = np.array(list(COLOURS.values())[int(values[5])])
        assert not image[:, ~mask].any()
        inside = image[:, mask].T.astype(float)
        shares = inside @ colour / (colour @ colour)
        assert inside == pytest.approx(shares[:, None] * colour, abs=1.0)
        dark = shares < (1 + DARK) / 2
        assert shares[dark] == pytest.approx(DARK, abs=0.01)
        assert shares[~dark] == pytest.approx(1.0, abs=0.01)
        assert (0.25 < dark.mean() < 0.75) if values[6] else not dark.any()


def test_stripes_run_across_and_squares_alternate() -> None:
    plain, striped, chequered = painted_sprites.textures(32)
    assert (plain == 1).all()
    assert (striped == striped[:, :1]).all()
    assert striped[0, 0] == striped[1, 0] != striped[2, 0] == striped[3, 0]
    assert (chequered == chequered.T).all()
    assert chequered[0, 0] != chequered[0, 2] == chequered[2, 0] != chequered[2, 2]


def test_the_shapes_are_the_sprites_of_the_same_seed_and_paint_does_not_depend_on_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "white").mkdir()
    found = PaintedSpritesSettings(images=4000).load(tmp_path, tmp_path, seed=3)
    white = sprites.SpritesSettings(images=4000).load(tmp_path, tmp_path / "white", seed=3)
    assert found.masks is not None
    assert white.masks is not None
    assert np.array_equal(found.masks, white.masks)
    assert np.array_equal(found.values[:, :5], white.values)
    between = np.corrcoef(found.values.T)[:5, 5:]
    assert np.abs(between).max() < 0.07
    assert np.abs(np.corrcoef(found.values[:, 5:].T)[0, 1]) < 0.07
