"""A pair of images has one noise: both images, the swap and every dose are decoded with the draw of its row."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks import intervention
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.decoding import Decode, without_noise
from latent_audit.tasks.analyses.places.interchange import Interchange
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.swaps import DimensionSwap
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import NO_REASON

Codes = NDArray[np.float32]


class Noisy:
    """Decodes a code (n, d) as itself, moved by the noise of its row, and remembers which rows it was asked for."""

    def __init__(self, images: int, seed: int = 0) -> None:
        self.noise = np.random.default_rng(seed).standard_normal((images, 1, 1, 1)).astype(np.float32)
        self.rows: list[NDArray[np.int64]] = []

    def __call__(self, latents: Codes, rows: NDArray[np.int64]) -> Codes:
        assert len(latents) == len(rows)
        self.rows.append(np.asarray(rows))
        return latents[:, None, None, :] + 3 * self.noise[rows]


def read(images: NDArray[np.floating]) -> Codes:
    return np.asarray(images[:, 0, 0, :], dtype=np.float32)


@pytest.fixture
def codes() -> Codes:
    return np.random.default_rng(1).standard_normal((600, 2)).astype(np.float32)


def intervened(
    codes: Codes, decode: Decode, rows: NDArray[np.int64] | None = None
) -> intervention.Intervention:
    attributes = (Attribute("first", "continuous"), Attribute("second", "continuous"))
    gates = [Gate(attribute.name, "passed", "R2", 0.9, 0.5, NO_REASON) for attribute in attributes]
    columns = {"first": (0,), "second": (1,)}
    return intervention.compute(
        attributes, codes[:300], codes, decode, read, columns, gates, (0, 1), (0, 1), 0, rows, decode
    )


def test_every_dose_of_an_image_is_decoded_with_the_noise_of_its_row(codes: Codes) -> None:
    decode, rows = Noisy(9000), np.arange(300) * 7 + 11
    found = intervened(codes, decode, rows)
    assert set(np.concatenate(decode.rows)) == set(rows)
    # Noise adds the same to every dose of an image, so all move as without it.
    without = intervened(codes, without_noise(lambda latents: latents[:, None, None, :]))
    np.testing.assert_allclose(found.effect, without.effect, atol=1e-4)
    consistency: Any = found.claims[0].consistency
    assert consistency.value == 1.0


def test_base_donor_and_swap_of_a_pair_share_the_noise_of_the_base(codes: Codes) -> None:
    pairs = draw_pairs(ImageGroups.of(None, len(codes)), 250, seed=0)
    decode = Noisy(len(codes))
    used, _ = used_dimensions(codes, pairs, decode, (0, 1), seed=0)
    assert used.all()
    # One draw a pair for base, donor and swaps: noise cannot make an ignored dimension look used.
    ignoring = Noisy(len(codes))
    used, _ = used_dimensions(codes, pairs, lambda z, rows: ignoring(z * [1, 0], rows), (0, 1), seed=0)  # type: ignore[arg-type]  # of float64
    assert used.tolist() == [True, False]
    rows_of: dict[str, list[NDArray[np.int64]]] = defaultdict(list)

    def reading(latents: Codes, rows: NDArray[np.int64]) -> Codes:
        rows_of["all"].append(rows)
        return read(decode(latents, rows))

    exchanged = Interchange(
        ("first", "second"),
        ((0,), (1,)),
        codes.astype(np.float64),
        codes,
        pairs,
        reading,
        (True, True),
        200,
        0,
    )
    swapped = exchanged.measure(exchanged.readings("first", DimensionSwap((0,))), [0])
    assert len(rows_of["all"]) == 3
    assert all(np.array_equal(rows, pairs.base) for rows in rows_of["all"])
    assert swapped.causes[0].estimate.value == pytest.approx(1.0, abs=0.15)
    assert swapped.kept[0].estimate.value == pytest.approx(1.0, abs=0.15)


def test_the_interval_over_pairs_holds_the_noise() -> None:
    """Two dimensions say the same, and noise decides which of them is drawn: a swap of one goes half of the way."""
    said = np.random.default_rng(1).standard_normal((2000, 2)).astype(np.float32)
    codes, labels = said[:, [0, 0, 1]], said.astype(np.float64)
    pairs = draw_pairs(ImageGroups.of(None, len(codes)), 1000, seed=0)

    def width(first_is_drawn: NDArray[np.floating]) -> float:
        def reading(latents: Codes, rows: NDArray[np.int64]) -> Codes:
            share = first_is_drawn[rows]
            drawn = share * latents[:, 0] + (1 - share) * latents[:, 1]
            return np.stack([drawn, latents[:, 2]], axis=1).astype(np.float32)

        exchanged = Interchange(
            ("first", "second"), ((0,), (1,)), labels, codes, pairs, reading, (True, True), 400, 0
        )
        estimate = exchanged.measure(exchanged.readings("s", DimensionSwap((0,))), [0]).causes[0].estimate
        assert estimate.high is not None
        assert estimate.low is not None
        assert estimate.low - 1e-3 <= 0.5 <= estimate.high + 1e-3
        return estimate.high - estimate.low

    by_noise = np.random.default_rng(2).integers(0, 2, len(codes)).astype(float)
    assert width(by_noise) > 0.05
    assert width(np.full(len(codes), 0.5)) < 0.001
