"""What was asked of samples beside what is read in them, in words and in the attribute's own unit."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.latent_space.asked_and_read import compute
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (
    Attribute("shape", "categorical", ("square", "heart")),
    Attribute("lit", "binary", ("no", "yes")),
    Attribute("size", "continuous"),
    Attribute("turn", "cyclic", period=360.0),
)
COLUMNS = {"shape": (0, 1), "lit": (2,), "size": (3,), "turn": (4, 5)}


def test_every_sample_is_listed_with_both_and_failures_are_marked() -> None:
    asked = np.array([[0, 1, 10.0, 350.0], [1, 0, 12.0, 90.0], [1, 1, 8.0, 180.0]])
    turn = np.radians([10.0, 130.0, 185.0])
    responses = np.column_stack(
        [[0.9, 0.6, 0.2], [0.1, 0.4, 0.8], [0.8, 0.3, 0.4], [0.2, 0.0, -1.0], np.cos(turn), np.sin(turn)]
    )
    shape, lit, size, angle = compute(
        ATTRIBUTES, asked, responses, COLUMNS, {"size": (10.0, 2.0)}, np.arange(3), np.random.default_rng(0)
    )
    assert shape.asked == ("square", "heart", "heart")
    assert shape.read == ("square", "square", "heart")
    assert shape.agrees == (True, False, True)
    assert shape.share.value == pytest.approx(2 / 3)
    assert (lit.read, lit.agrees) == (("yes", "no", "no"), (True, True, False))
    assert size.read == pytest.approx((10.4, 10.0, 8.0))
    assert size.agrees == (True, False, True)
    # Across the full turn, 350 and 10 degrees are near.
    assert angle.read == pytest.approx((10.0, 130.0, 185.0))
    assert angle.agrees == (True, False, True)


def test_the_share_is_of_all_samples_and_not_of_those_shown() -> None:
    asked = np.zeros((40, 4))
    responses = np.zeros((40, 6))
    responses[:10, 1] = 1.0
    (shape, *_) = compute(
        ATTRIBUTES,
        asked,
        responses,
        COLUMNS,
        {"size": (0.0, 1.0)},
        np.array([0, 39]),
        np.random.default_rng(0),
    )
    assert shape.agrees == (False, True)
    assert shape.share.value == pytest.approx(0.75)
    assert shape.share.n == 40
