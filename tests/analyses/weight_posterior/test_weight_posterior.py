"""Entropies over draws of weights, and signs of maps, where the answer is known."""

import math

import numpy as np
import pytest

from latent_audit.tasks.analyses.weight_posterior.entropies import compute, split_entropy
from latent_audit.tasks.analyses.weight_posterior.sign_certainty import summarise
from latent_audit.tasks.datasets.attributes import Attribute

RNG = np.random.default_rng(0)


def test_draws_that_agree_leave_nothing_for_more_data_and_draws_that_contradict_leave_all() -> None:
    unsure = np.full((4, 1, 2), 0.5)
    contradict = np.array([[[1.0, 0.0]], [[0.0, 1.0]]] * 2)
    agree, differ = split_entropy(unsure), split_entropy(contradict)
    np.testing.assert_allclose([agree.expected[0], agree.mutual[0]], [math.log(2), 0.0], atol=1e-12)
    np.testing.assert_allclose([differ.expected[0], differ.mutual[0]], [0.0, math.log(2)], atol=1e-12)


def test_the_parts_add_up_to_the_entropy_of_the_mean_prediction() -> None:
    drawn = RNG.dirichlet([0.5, 1.0, 2.0], size=(30, 20))
    split, mean = split_entropy(drawn), drawn.mean(axis=0)
    np.testing.assert_allclose(split.total, -(mean * np.log(mean)).sum(axis=1))
    divergence = (
        (drawn * np.log(drawn / mean)).sum(axis=2).mean(axis=0)
    )  # mutual information by its definition
    np.testing.assert_allclose(split.mutual, divergence)


def test_attributes_with_classes_have_entropies_and_others_a_deviation() -> None:
    attributes = (
        Attribute("lit", "binary", ("off", "on")),
        Attribute("size", "continuous"),
        Attribute("turn", "cyclic", period=360.0),
    )
    drawn = RNG.uniform(size=(50, 40, 4))
    drawn[:, :, 1] = RNG.normal(0.0, 0.3, (50, 40))
    found = compute(attributes, drawn, {"lit": (0,), "size": (1,), "turn": (2, 3)}, 200, RNG)
    lit, size, turn = found.attributes
    assert (lit.classes, size.classes, turn.classes) == (2, None, None)
    assert lit.total is not None
    assert lit.expected is not None
    assert lit.mutual is not None
    assert lit.total.value == pytest.approx(lit.expected.value + lit.mutual.value)
    assert list(found.by_image) == ["lit"]
    assert size.deviation is not None
    assert size.deviation.value == pytest.approx(0.3, abs=0.02)
    both = drawn[:, :, 2:].std(axis=0, ddof=1)
    assert turn.deviation is not None
    assert turn.deviation.value == pytest.approx(np.sqrt((both**2).sum(axis=1)).mean())


def test_a_sign_is_certain_where_95_of_100_draws_have_it() -> None:
    maps = np.zeros((100, 1, 1, 2, 2))
    maps[:95, 0, 0, 0, 0], maps[95:, 0, 0, 0, 0] = 1.0, -1.0
    maps[:94, 0, 0, 0, 1], maps[94:, 0, 0, 0, 1] = 1.0, -1.0
    maps[:, 0, 0, 1, 0] = -2.0
    (found,) = summarise(iter(maps), 100, RNG)
    assert found.certain[0].tolist() == [[True, False], [True, False]]
    assert found.certain_share.value == pytest.approx(2 / 3)  # a pixel without any value does not count
    np.testing.assert_allclose(found.mean[0], maps.mean(axis=0)[0, 0], rtol=1e-6)
    np.testing.assert_allclose(found.deviation[0], maps.std(axis=0, ddof=1)[0, 0], rtol=1e-6)


def test_one_draw_has_no_deviation() -> None:
    with pytest.raises(ValueError, match="at least two draws"):
        summarise([np.zeros((1, 1, 2, 2))], 100, RNG)
