"""Names of dimensions: carried to the same dimension of another training, or said not to be found again."""

from typing import Any

import numpy as np
import pytest

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.dimension_names.given import GivenName
from latent_audit.tasks.analyses.dimension_names.naming import Trained, carry_names
from latent_audit.tasks.analyses.dimension_names.rules import with_words
from latent_audit.tasks.analyses.serialization import to_json

FIRST, SECOND, THIRD = ("a" * 64, "b" * 64, "c" * 64)
N = 500


def trainings() -> list[Trained]:
    """Returns three trainings: the second has the first's dimension 0 as its 2, turned round; the third lost it."""
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((N, 3))
    again = np.stack([codes[:, 1], codes[:, 2], -codes[:, 0] + 0.2 * rng.standard_normal(N)], axis=1)
    lost = codes @ np.linalg.qr(rng.standard_normal((3, 3)))[0] + rng.standard_normal((N, 3))
    return [
        Trained("vae", 0, FIRST, codes),
        Trained("vae", 1, SECOND, again),
        Trained("vae", 2, THIRD, lost),
        Trained("gan", 0, "d" * 64, codes),
    ]


def test_a_name_goes_to_the_dimension_that_orders_images_alike_or_to_none() -> None:
    rows = carry_names([GivenName(FIRST, 0, "tilt", "sex")], trainings())
    assert [(row.model, row.seed, row.status, row.dimension) for row in rows] == [
        ("vae", 0, "given", 0),
        ("vae", 1, "found_again", 2),
        ("vae", 2, "not_found_again", None),
    ]
    assert rows[0].correlation is None
    assert rows[1].correlation == pytest.approx(0.98, abs=0.01)
    assert rows[2].correlation is not None
    assert rows[2].correlation < 0.8


def test_a_name_of_other_weights_or_of_no_dimension_is_unknown() -> None:
    given = [GivenName("e" * 64, 0, "tilt"), GivenName(FIRST, 9, "tilt")]
    assert [(row.status, row.model) for row in carry_names(given, trainings())] == [("unknown", None)] * 2


def guess(low: float, value: float, high: float, p: float) -> dict[str, Any]:
    estimate = {"value": value, "low": low, "high": high, "n": 100, "source": "bootstrap over images"}
    return {"attribute": "sex", "dimension": 0, "uncertainty": estimate, "p_adjusted": p, "family": 7}


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (guess(0.3, 0.4, 0.5, 0.001), "supported"),
        (guess(0.1, 0.2, 0.3, 0.001), "inconclusive"),
        (guess(0.0, 0.05, 0.1, 0.001), "not_supported"),
        (guess(0.3, 0.4, 0.5, 0.2), "not_supported"),
        (None, "not_tested"),
    ],
)
def test_a_guess_has_the_word_that_its_evidence_gives(found: dict[str, Any] | None, word: str) -> None:
    rows = to_json(
        carry_names([GivenName(FIRST, 0, "tilt", "sex"), GivenName(FIRST, 1, "size")], trainings())
    )
    models = [{"name": "vae", "seed": 0, "guesses": [] if found is None else [found]}]
    words = with_words(rows, models, Thresholds())
    assert [row.get("word") for row in words] == [word, "not_tested", "not_tested", None, None, None]
