"""Near-duplicates across parts: copies with noise are found, and rendered grids do not warn about themselves."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.statistics.near_duplicates import find
from latent_audit.tasks.datasets.sprites import SpritesSettings

MOST = 20_000


def photographs(n: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth random images: no two are alike."""
    coarse = rng.integers(0, 256, (n, 3, 4, 4)).astype(float)
    return np.kron(coarse, np.ones((8, 8))).astype(np.uint8)


def test_near_copies_across_parts_are_found_with_examples() -> None:
    rng = np.random.default_rng(0)
    images = photographs(1200, rng)
    parts = rng.integers(4, size=1200).astype(np.int8)
    parts[:60], parts[60:120] = 0, 3
    noise = rng.integers(-2, 3, images[:60].shape)
    images[60:120] = np.clip(images[:60].astype(int) + noise, 0, 255)
    found = find(images, parts, MOST, seed=0)
    assert (found.sampled, found.found) == (1200, 120)
    assert found.share == pytest.approx(0.1)
    assert len(found.pairs) == 3
    assert all(b - a == 60 for a, b in found.pairs)


def test_copies_inside_a_part_are_no_warning() -> None:
    rng = np.random.default_rng(1)
    images = photographs(800, rng)
    parts = rng.integers(1, 4, size=800).astype(np.int8)
    images[50:100] = images[:50]
    parts[:100] = 0
    assert find(images, parts, MOST, seed=0).found == 0


def test_rendered_sprites_do_not_warn_about_themselves(tmp_path) -> None:
    data = SpritesSettings(images=1500).load(tmp_path, tmp_path, 0)
    parts = np.random.default_rng(2).integers(4, size=1500).astype(np.int8)
    assert find(np.asarray(data.images), parts, MOST, seed=0).share < 0.01


def test_order_and_unused_images_decide_nothing() -> None:
    rng = np.random.default_rng(3)
    images = photographs(600, rng)
    images[300:320] = images[:20]
    parts = np.repeat(np.array([0, 3], np.int8), 300)
    order = rng.permutation(600)
    assert find(images, parts, MOST, 0).found == find(images[order], parts[order], MOST, 0).found == 40
