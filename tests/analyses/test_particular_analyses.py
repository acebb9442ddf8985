"""What only some models show, on cases whose answer is known."""

import math

import numpy as np
import pytest

from latent_audit.tasks.analyses.applications import label_efficiency
from latent_audit.tasks.analyses.attributions import attention_reach, uncertainty_sources
from latent_audit.tasks.analyses.latent_space import mixture_components
from latent_audit.tasks.datasets.attributes import Attribute

SHAPE = Attribute("shape", "categorical", classes=("square", "heart"))
PLACE = Attribute("x", "continuous")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def found(nearest: list[int], codes: list[int], components: int = 3) -> mixture_components.MixtureComponents:
    values = np.stack([np.asarray(codes, float), np.linspace(0, 1, len(codes))], 1)
    weights = np.full(components, 1 / components)
    shares = np.eye(components)[nearest]
    return mixture_components.compute(shares, values, shares, values, weights, (SHAPE, PLACE), 200, rng())


def test_pure_components_are_wholly_of_one_class() -> None:
    result = found([0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1])
    assert result.used == 2
    assert [row.index for row in result.components] == [1, 0]
    assert [row.share for row in result.components] == [0.625, 0.375]
    assert result.components[0].classes == {"shape": "heart"}
    assert result.components[0].class_shares == {"shape": 1.0}
    (purity,) = result.purity
    assert (purity.attribute, purity.estimate.value, purity.chance) == ("shape", 1.0, 0.625)
    assert purity.estimate.low == 1.0


def test_components_that_know_nothing_are_no_purer_than_chance() -> None:
    result = found([0, 1] * 40, [0, 0, 1, 1] * 20)
    assert result.purity[0].estimate.value == result.purity[0].chance == 0.5


def test_what_a_component_stands_for_is_chosen_on_other_images() -> None:
    def part(nearest: list[int], codes: list[int]) -> tuple[np.ndarray, np.ndarray]:
        return np.eye(3)[nearest], np.stack([np.asarray(codes, float), np.zeros(len(codes))], 1)

    fit, held_out = part([0, 0, 1, 1, 1], [0, 0, 1, 1, 1]), part([0, 0, 1, 2], [1, 1, 1, 1])
    result = mixture_components.compute(*fit, *held_out, np.full(3, 1 / 3), (SHAPE, PLACE), 100, rng())
    # The third component held no image to fit, and is taken for the commonest class, heart.
    assert (result.purity[0].estimate.value, result.purity[0].chance) == (0.5, 1.0)


def test_attention_to_oneself_reaches_nowhere_and_to_all_as_far_as_the_map_is_wide() -> None:
    at_home = attention_reach.compute(np.eye(4)[None].repeat(3, 0), 100, rng())
    assert at_home.reach.value == 0.0
    everywhere = attention_reach.compute(np.full((3, 4, 4), 0.25), 100, rng())
    # Of a 2x2 map: itself 0, two neighbours 1/2, the far corner sqrt(2)/2.
    assert everywhere.reach.value == pytest.approx((1 + math.sqrt(2) / 2) / 4)
    assert everywhere.uniform_reach == pytest.approx(everywhere.reach.value)
    np.testing.assert_allclose(everywhere.received, 1.0)
    with pytest.raises(ValueError, match=r"must be \(n, side\^2, side\^2\)"):
        attention_reach.compute(np.ones((1, 3, 3)), 100, rng())


def test_doubt_is_shared_by_variance() -> None:
    result = uncertainty_sources.compute(np.full((5, 1, 2, 2), 0.1), np.full((5, 1, 2, 2), 0.2), 100, rng())
    assert result.weights.value == pytest.approx(0.1)
    assert result.latents.value == pytest.approx(0.2)
    assert result.weights_share.value == pytest.approx(0.2)
    draws = [np.full((1, 1, 1, 1), value) for value in (1.0, 3.0)]
    assert uncertainty_sources.running_deviation(draws).item() == pytest.approx(math.sqrt(2))
    with pytest.raises(ValueError, match="at least two draws"):
        uncertainty_sources.running_deviation(draws[:1])


def test_labels_are_worth_what_they_let_one_name() -> None:
    truth = np.array([0.0, 1.0] * 30)
    right, wrong = truth.astype(np.int64), 1 - truth.astype(np.int64)
    named = {
        1.0: label_efficiency.Named(100, right, right, right),
        0.1: label_efficiency.Named(10, right, wrong, right),
    }
    result = label_efficiency.compute(SHAPE, truth, named, 100, rng())
    assert (result.attribute, result.chance) == ("shape", 0.5)
    assert [(row.share, row.labelled_images) for row in result.shares] == [(0.1, 10), (1.0, 100)]
    assert (result.shares[0].model.value, result.shares[0].baseline.value) == (1.0, 0.0)
    assert result.shares[0].cnn == result.shares[0].model


def test_the_baseline_learns_what_is_plain_and_says_the_only_class_it_saw() -> None:
    features = rng().normal(size=(80, 3))
    labels = (features[:, 1] > 0).astype(np.int64)
    chosen = label_efficiency.baseline(features[:60], labels[:60], features[60:])
    assert (chosen == labels[60:]).mean() > 0.8
    assert label_efficiency.baseline(features[:3], np.ones(3, np.int64), features).tolist() == [1] * 80
