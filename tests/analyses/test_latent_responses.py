"""Latent responses of codes whose decoder is known: which dimension answers, which is ignored, which comes back."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.latent_space import latent_responses

USED = np.array([True, True, True, False])


def decode(latents: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Draws z0, and z1 and z2 added; ignores z3."""
    return np.stack([latents[:, 0], latents[:, 1] + latents[:, 2]], axis=1)[:, :, None, None]


def encode(images: np.ndarray) -> np.ndarray:
    """Reads z0 back, gives the sum to z1 and z2 alike, and z3 nothing."""
    drawn = images[:, :, 0, 0]
    half = drawn[:, 1] / 2.0
    return np.stack([drawn[:, 0], half, half, 0.0 * half], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def found() -> latent_responses.LatentResponses:
    codes = np.random.default_rng(0).standard_normal((4000, 4)).astype(np.float32)
    return latent_responses.compute(codes, USED, decode, encode, 4000, seed=0)


def test_a_dimension_that_is_drawn_and_read_answers_to_itself_alone(
    found: latent_responses.LatentResponses,
) -> None:
    assert found.response[0] == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert found.comes_back[0] == pytest.approx(1.0)


def test_dimensions_that_are_drawn_together_answer_to_each_other(
    found: latent_responses.LatentResponses,
) -> None:
    for j in (1, 2):
        assert found.response[j, 1] == pytest.approx(np.sqrt(0.5), abs=0.03)
        assert found.response[j, 2] == pytest.approx(np.sqrt(0.5), abs=0.03)
        assert found.comes_back[j] == pytest.approx(0.5, abs=0.03)


def test_an_ignored_dimension_moves_nothing(found: latent_responses.LatentResponses) -> None:
    assert found.response[3] == pytest.approx(np.zeros(4))
    assert found.comes_back[3] == 0.0
    assert found.ignored.tolist() == [False, False, False, True]
    assert found.images == 4000


def test_exemplars_are_the_images_at_both_ends() -> None:
    codes = np.random.default_rng(1).standard_normal((50, 3)).astype(np.float32)
    ends = latent_responses.exemplars(codes, np.array([2, 0, 1]), 4, most=2)
    assert ends.dimensions == (2, 0)
    assert ends.rows.shape == (2, 2, 4)
    order = np.argsort(codes[:, 2])
    assert ends.rows[0, 0].tolist() == order[:4].tolist()
    assert ends.rows[0, 1].tolist() == order[::-1][:4].tolist()
