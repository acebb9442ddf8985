"""Fairness of decisions between subgroups: fairlearn's figures, resampled and shuffled as they are."""

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

from latent_audit.tasks.analyses.bias import fairness
from latent_audit.tasks.analyses.bias.fairness import Gap, decisions
from latent_audit.tasks.analyses.bias.subgroups import classifier_errors, subgroups_of
from latent_audit.tasks.analyses.statistics.estimates import NotApplicable
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute

SEX = Attribute("sex", "categorical", ("f", "m", "x"))
SMILE = Attribute("smile", "binary", ("no", "yes"))
HAT = Attribute("hat", "categorical", ("none", "cap", "bowler"))
AGE = Attribute("age", "continuous")
N = 600


def test_resampled_figures_are_those_of_fairlearn() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=N)
    has, given = rng.random(N) < 0.4, rng.random(N) < 0.3 + 0.2 * labels
    counted = fairness._Counted(np.eye(3)[labels], has.astype(np.float64), given.astype(np.float64))
    weights = rng.multinomial(N, np.full(N, 1 / N), size=3).astype(np.float64)
    for row, parity, odds in zip(weights, counted.parity(weights), counted.odds(weights), strict=True):
        named = {"sensitive_features": labels, "sample_weight": row}
        assert parity == pytest.approx(demographic_parity_difference(has, given, **named))
        assert odds == pytest.approx(equalized_odds_difference(has, given, **named))


def test_equal_decisions_are_no_more_than_chance_and_unequal_ones_are_found() -> None:
    rng = np.random.default_rng(1)
    sex = rng.integers(2, size=N).astype(float)
    has = rng.random((N, 2)) < 0.5
    equal = np.where(rng.random(N) < 0.9, has[:, 0], ~has[:, 0])
    flips = np.where(sex == 1, 0.4, 0.1)
    unequal = np.where(rng.random(N) < flips, 1, has[:, 1])
    other = Attribute("beard", "binary", ("no", "yes"))
    rows = decisions(
        "classifier",
        [SMILE, other],
        has.astype(float),
        np.stack([equal, unequal], axis=1).astype(float),
        subgroups_of(SEX, sex),
        ImageGroups.of(None, N),
        200,
        0,
    )
    fair, unfair = rows
    assert fair.demographic_parity.p_adjusted > 0.05
    assert fair.demographic_parity.difference.value < 3 * fair.demographic_parity.by_chance
    assert unfair.demographic_parity.p_adjusted < 0.01
    assert isinstance(unfair.equalised_odds, Gap)
    assert unfair.equalised_odds.difference.low > 0.1
    assert [row.group for row in unfair.base_rates] == ["f", "m"]  # nobody is x: too few
    assert sum(row.figure.n for row in unfair.base_rates) == N


def test_categorical_attributes_give_a_decision_for_each_class() -> None:
    rng = np.random.default_rng(2)
    sex, hat = rng.integers(2, size=N).astype(float), rng.integers(3, size=N).astype(float)
    hat[sex == 1] = 0.0  # nobody of them has a cap: odds are not defined
    rows = decisions(
        "probe", [HAT], hat[:, None], hat[:, None], subgroups_of(SEX, sex), ImageGroups.of(None, N), 100, 0
    )
    assert [row.chosen for row in rows] == ["none", "cap", "bowler"]
    assert all(isinstance(row.equalised_odds, NotApplicable) for row in rows)
    assert rows[0].demographic_parity.difference.value == pytest.approx(
        rows[0].base_rates[1].figure.value - rows[0].base_rates[0].figure.value
    )


def test_subgroups_of_fewer_than_thirty_images_are_named_and_not_compared() -> None:
    sex = np.zeros(100)
    sex[np.arange(29)] = 1.0
    groups = subgroups_of(SEX, sex)
    assert groups.sizes == {"f": 71, "m": 29, "x": 0}
    assert groups.kept == (0,)
    smile = np.zeros((100, 1))
    assert decisions("probe", [SMILE], smile, smile, groups, ImageGroups.of(None, 100), 100, 0) == []


def test_errors_by_subgroup_are_those_that_were_planted() -> None:
    rng = np.random.default_rng(3)
    sex = rng.integers(2, size=4000).astype(float)
    smile, age = rng.integers(2, size=4000).astype(float), rng.normal(40, 10, 4000)
    wrong = rng.random(4000) < np.where(sex == 1, 0.3, 0.1)
    said = np.where(wrong, 1 - smile, smile)
    off = (age - 40) / 10 + np.where(sex == 1, 0.5, 0.2)
    found = classifier_errors(
        [SMILE, AGE],
        np.stack([smile, age], axis=1),
        np.stack([said, off], axis=1),
        {"smile": (0,), "age": (1,)},
        {"age": (40.0, 10.0)},
        subgroups_of(SEX, sex),
        ImageGroups.of(None, 4000),
        200,
        0,
    )
    rates, distances = found
    assert [row.figure.value for row in rates.groups] == pytest.approx([0.1, 0.3], abs=0.03)
    assert rates.difference.low > 0.1
    assert [row.figure.value for row in distances.groups] == pytest.approx([0.2, 0.5])
    assert (rates.statistic, distances.statistic) == ("error rate", "mean absolute error")


def test_images_without_a_value_are_left_out() -> None:
    """As if they were not there: subgroups, errors and decisions of the others stay as they are."""
    rng = np.random.default_rng(4)
    sex, smile = (rng.integers(2, size=400).astype(float) for _ in range(2))
    said = np.where(rng.random(400) < 0.2, 1 - smile, smile)
    more = np.concatenate([sex, [np.nan] * 40, np.ones(40)])
    known = np.concatenate([smile, np.ones(40), [np.nan] * 40])
    given = np.concatenate([said, np.zeros(80)])
    found = []
    for labels, truth, reading in ((sex, smile, said), (more, known, given)):
        groups, images = subgroups_of(SEX, labels), ImageGroups.of(None, len(labels))
        (errors,) = classifier_errors(
            [SMILE], truth[:, None], reading[:, None], {"smile": (0,)}, {}, groups, images, 100, 0
        )
        (row,) = decisions("probe", [SMILE], truth[:, None], reading[:, None], groups, images, 100, 0)
        found.append(
            (
                [group.figure.value for group in errors.groups],
                errors.difference.n,
                row.demographic_parity.difference.value,
                [rate.figure.value for rate in row.base_rates],
            )
        )
    assert found[0] == found[1]
