"""Dimensions without a name: a living one, a dead one, and one whose value is hidden in the last bits of pixels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.scores.free_dimensions import FreeDimension, compute, degraded, recover
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups

NAMES = ("named", "living", "dead", "hidden", "constant")
Codes = NDArray[np.float32]


def decode(latents: Codes, rows: NDArray[np.int64]) -> Codes:
    """A bar as long as the living dimension says; the hidden one is the faintest level of a black half."""
    pictures = np.zeros((len(latents), 1, 8, 16), np.float32)
    where = np.arange(16)
    pictures[:, 0, :4] = 1 / (1 + np.exp(where - 8 - 2.5 * latents[:, [1]]))[:, None]
    pictures[:, 0, 4:6] = 0.5 + 0.1 * latents[:, 0, None, None]
    # Far below one grey level of 255, and far above the precision of float32.
    pictures[:, 0, 6:] = 1e-4 * (5 + latents[:, 3, None, None])
    return pictures


def encode(pictures: Codes) -> Codes:
    """Reads every dimension as well as it can; the hidden one exactly, where nothing disturbs it."""
    living = (pictures[:, 0, :4].sum(axis=2).mean(axis=1) - 8.5) / 2.5
    hidden = pictures[:, 0, 6:].astype(np.float64).mean(axis=(1, 2)) * 1e4 - 5
    named = (pictures[:, 0, 4:6].mean(axis=(1, 2)) - 0.5) * 10
    nothing = np.zeros(len(pictures))
    # The reader of the dead dimension answers with what it can see of another, which proves nothing.
    return np.stack([named, living, 0.3 * living, hidden, nothing], axis=1).astype(np.float32)


@pytest.fixture
def asked() -> Codes:
    return np.random.default_rng(0).standard_normal((2000, 5)).astype(np.float32)


def measured(
    asked: Codes, read: Codes, used: NDArray[np.bool_], changes: NDArray[np.float64]
) -> dict[str, FreeDimension]:
    found = compute(
        (1, 2, 3, 4), NAMES, asked, read, used, changes, np.random.default_rng(1), live_correlation_min=0.5
    )
    return {row.name: row for row in found}


def test_only_what_is_drawn_and_read_lives(asked: Codes) -> None:
    used, changes = used_dimensions(
        asked, draw_pairs(ImageGroups.of(None, len(asked)), 500, 0), decode, range(5), 0
    )
    found = measured(asked, recover(asked, decode, encode, np.random.default_rng(2)), used, changes)
    assert found["living"].lives
    assert found["living"].recovered.value > 0.9
    assert found["living"].recovered.low is not None
    assert found["living"].recovered.low > 0.9
    assert not found["dead"].lives
    assert not found["dead"].used
    assert abs(found["dead"].recovered.value) < 0.1
    assert not found["constant"].lives
    assert found["constant"].recovered.value == 0.0


def test_a_code_hidden_in_the_last_bits_is_read_exactly_and_never_called_live(asked: Codes) -> None:
    exactly = encode(decode(asked, np.arange(len(asked))))
    assert np.corrcoef(asked[:, 3], exactly[:, 3])[0, 1] > 0.99
    # Even if the decoder were said to use it.
    everything = np.ones(5, bool)
    found = measured(asked, recover(asked, decode, encode, np.random.default_rng(2)), everything, np.ones(5))
    assert abs(found["hidden"].recovered.value) < 0.1
    assert not found["hidden"].lives


def test_what_is_recovered_but_not_used_by_the_decoder_is_not_live(asked: Codes) -> None:
    found = measured(asked, asked, np.zeros(5, bool), np.zeros(5))
    assert found["living"].recovered.value == pytest.approx(1.0)
    assert not any(row.lives for row in found.values())


def test_degraded_pictures_are_rounded_and_noisy() -> None:
    pictures = np.full((200, 1, 8, 8), 0.5 + 0.3 / 255, np.float32)
    made = degraded(pictures, np.random.default_rng(0))
    assert made.mean() == pytest.approx(128 / 255, abs=0.002)
    assert made.std() == pytest.approx(0.05, rel=0.05)
