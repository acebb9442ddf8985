"""Unused dimensions dropped, where it is known what is lost."""

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.pruning.dropping import rebuild_without, unused, without

RNG = np.random.default_rng(0)


def decode(latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Draws the first dimension as one pixel, and nothing of the second."""
    return np.repeat(latents[:, :1], 4, axis=1).reshape(-1, 1, 2, 2)


def test_a_group_is_dropped_where_none_of_its_dimensions_is_active() -> None:
    assert unused([True, False, False, True, False], [0, 1, 2, 2, 3]).tolist() == [
        False, True, False, False, True,
    ]  # fmt: skip


def test_what_is_dropped_is_at_its_mean_and_the_rest_as_it_was() -> None:
    codes = RNG.normal(size=(10, 3)).astype(np.float32)
    kept = without(codes, np.array([False, True, False]), np.array([9.0, 2.0, 9.0]))
    assert kept.dtype == np.float32
    assert (kept[:, 1] == 2.0).all()
    np.testing.assert_array_equal(kept[:, [0, 2]], codes[:, [0, 2]])


@pytest.mark.parametrize(("dropped", "lost"), [([False, True], 0.0), ([True, False], 1 / 12)])
def test_reconstructions_lose_what_the_decoder_drew_of_it(dropped: list[bool], lost: float) -> None:
    codes = RNG.uniform(size=(2000, 2)).astype(np.float32)
    images = np.round(decode(codes, np.arange(2000)) * 255).astype(np.uint8)
    pruned = without(codes, np.array(dropped), codes.mean(axis=0))
    found = rebuild_without(images, codes, pruned, np.arange(2000), decode, 200, RNG)
    assert found.whole.value == pytest.approx(0.0, abs=1e-5)  # of rounding
    assert found.difference.value == pytest.approx(lost, rel=0.06)  # the variance of what was dropped
