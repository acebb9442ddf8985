"""When a dimension takes an attribute up, on codes and a decoder that are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.learning.uptake import causes, taken_up, uncertainty_matrix
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (Attribute("left", "continuous"), Attribute("lit", "binary", ("off", "on")))
RNG = np.random.default_rng(0)
VALUES = np.column_stack([RNG.uniform(-1, 1, 1200), RNG.integers(0, 2, 1200)])


def codes_of(share: float) -> NDArray[np.float32]:
    """Returns codes (n, 3): a share of `left` in the second dimension, `lit` in the third, noise in the first."""
    noise = RNG.normal(0, 1, (len(VALUES), 3))
    left = share * VALUES[:, 0] + (1 - share) * noise[:, 1]
    return np.column_stack([noise[:, 0], left, VALUES[:, 1] + 0.01 * noise[:, 2]]).astype(np.float32)


def test_u_grows_with_what_the_dimension_knows() -> None:
    matrices = [
        uncertainty_matrix(ATTRIBUTES, codes_of(share), VALUES, codes_of(share), VALUES)
        for share in (0.0, 0.9, 1.0)
    ]
    before, during, after = (matrix[0, 1] for matrix in matrices)
    assert before < 0.02
    assert 0.3 < during < after
    assert after > 0.85  # twenty bins of the code against ten of the attribute
    assert matrices[0][1, 2] > 0.9


def test_a_swap_moves_what_the_decoder_draws_of_the_dimension_and_nothing_else() -> None:
    codes = codes_of(1.0)
    matrix = uncertainty_matrix(ATTRIBUTES, codes, VALUES, codes, VALUES)

    def decode(latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        drawn = latents.copy()
        drawn[:, 2] = 0.0  # the decoder ignores `lit`, whatever the code holds
        return drawn[:, None, None, :]

    found = causes(
        ATTRIBUTES,
        matrix,
        (0, 1, 2),
        {"left": (0,), "lit": (1,)},
        VALUES,
        codes,
        draw_pairs(len(codes), 200, 0),
        decode,
        lambda pictures: pictures[:, 0, 0, 1:],
        200,
        0,
    )
    left, lit = found
    assert (left.dimension, lit.dimension) == (1, 2)
    assert left.cause is not None
    assert left.cause.value == pytest.approx(1.0, abs=0.02)
    assert left.cause.n == 200
    assert lit.cause is None


def test_an_attribute_is_taken_up_where_half_of_its_final_u_is_reached_for_good() -> None:
    curves = np.array([[0.0, 0.0], [0.5, 0.0], [0.2, 0.01], [0.45, 0.01], [0.8, 0.01]])
    matrices = [np.array([[0.0, left], [lit, 0.0]]) for left, lit in curves]
    left, lit = taken_up(ATTRIBUTES, [0, 10, 20, 40, 80], matrices, least=0.05)
    assert (left.dimension, left.step, left.uncertainty) == (1, 40, 0.8)
    assert (lit.dimension, lit.step) == (0, None)
