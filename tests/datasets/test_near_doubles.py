"""Images that are nearly the same are found, exact copies and other images are not."""

import numpy as np

from latent_audit.tasks.datasets.images.near_doubles import NEARLY, near_doubles


def test_near_copies_are_found_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(20, 230, (200, 3, 32, 32), dtype=np.uint8)
    near = images[7].astype(np.int16) + rng.integers(-2, 3, images[7].shape)
    images[100] = near
    images[150] = images[60]  # an exact copy is told elsewhere
    assert near_doubles(images) == [(7, 100)]
    assert 0 < np.abs(near - images[7].astype(np.int16)).mean() <= NEARLY


def test_images_smaller_than_the_small_picture_are_taken() -> None:
    images = np.zeros((3, 1, 4, 4), np.uint8)
    images[1, 0, 0, 0] = 9
    images[2] = 255
    assert near_doubles(images) == [(0, 1)]
