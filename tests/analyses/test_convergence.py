"""Curves of training: levelled off, still moving, too short to tell."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.scores.convergence import levelled_off

STEPS = [float(step) for step in range(100, 900, 100)]


def test_a_curve_that_has_come_to_rest_is_told_from_one_that_still_falls() -> None:
    rest = levelled_off("follow", STEPS, [2.0, 1.2, 1.0, 0.96, 0.95, 0.95, 0.94, 0.94])
    falling = levelled_off("follow", STEPS, np.linspace(2.0, 0.6, 8).tolist())
    assert rest is not None
    assert rest.levelled_off is True
    assert (rest.start, rest.end) == (2.0, 0.94)
    assert falling is not None
    assert falling.levelled_off is False
    assert falling.moved == pytest.approx(2 / 7)


def test_two_points_do_not_tell_and_no_point_is_no_curve() -> None:
    short = levelled_off("follow", [1000.0, 1200.0], [1.64, 0.93])
    assert short is not None
    assert short.levelled_off is None
    assert levelled_off("follow", [], []) is None
    flat = levelled_off("diversity", STEPS, [0.8] * 8)
    assert flat is not None
    assert flat.levelled_off is True
