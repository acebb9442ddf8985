import numpy as np
import pytest
from scipy.stats import spearmanr, ttest_ind

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.checks import association, comparison, stability, unclaimed
from latent_audit.tasks.analyses.checks.stability import match
from latent_audit.tasks.analyses.scores import disentanglement_scores
from latent_audit.tasks.analyses.scores.score_meanings import MEANINGS
from latent_audit.tasks.analyses.scores.unsupervised_scores import unsupervised_scores

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(600, 4))


def compute(codes, dimensions, groups=range(4), seeds=(0, 1, 2), least_seeds=3, **options):
    n = len(seeds)
    return stability.compute(
        "vae",
        seeds,
        codes,
        {"size": dimensions},
        {"size": ["supported"] * n},
        {"size": [0.5] * n},
        0,
        groups,
        least_seeds=least_seeds,
        **options,
    )


def test_matching_finds_a_permutation_with_flipped_signs():
    order = np.array([2, 0, 3, 1])
    columns, strengths = match(CODES, -CODES[:, order])
    assert order[columns].tolist() == [0, 1, 2, 3]
    assert strengths == pytest.approx(np.ones(4))


def test_strength_is_the_absolute_spearman_correlation():
    noisy = CODES + 0.5 * RNG.normal(size=CODES.shape)
    _, strengths = match(CODES, noisy)
    expected = [abs(spearmanr(CODES[:, j], noisy[:, j]).statistic) for j in range(4)]
    assert strengths == pytest.approx(expected)


def test_seeds_that_agree_and_seeds_that_do_not():
    order = [2, 0, 3, 1]
    alike = compute([CODES, -CODES, np.exp(CODES[:, order])], (0, 0, 1))
    assert alike.status == "assessed"
    assert alike.matched_strength.value == pytest.approx(1.0)
    assert alike.attributes[0].same_dimension_strength == pytest.approx(1.0)
    assert alike.attributes[0].dimensions == (0, 0, 1)
    elsewhere = compute([CODES, -CODES, np.exp(CODES[:, order])], (0, 0, 0))
    assert elsewhere.attributes[0].same_dimension_strength == pytest.approx(1 / 3, abs=0.1)
    strangers = compute([CODES, RNG.normal(size=(600, 4)), RNG.normal(size=(600, 4))], (0, 0, 0))
    assert strangers.matched_strength.high < 0.2


def test_members_of_a_group_stand_for_each_other():
    found = compute([CODES, CODES, CODES], (0, 1, 0), groups=(0, 0, 1, 2))
    assert found.attributes[0].same_dimension_strength == pytest.approx(1.0)
    apart = compute([CODES, CODES, CODES], (0, 1, 0))
    assert apart.attributes[0].same_dimension_strength < 0.5


def test_unused_dimensions_are_left_out_when_named():
    other = CODES.copy()
    other[:, 3] = RNG.normal(size=600)
    active = [np.array([True, True, True, False])] * 3
    assert compute([CODES, other, CODES], (0, 0, 0)).matched_strength.value < 0.9
    found = compute([CODES, other, CODES], (0, 0, 0), active=active)
    assert found.matched_strength.value == pytest.approx(1.0)
    none = compute([CODES, other, CODES], (0, 0, 0), active=[np.zeros(4, dtype=bool)] * 3)
    assert none.matched_strength is None


def test_fewer_than_three_seeds_are_not_assessed():
    found = compute([CODES, CODES], (0, 0), seeds=(0, 1))
    assert found.status == "not_assessed"
    assert "2 seed(s) were trained and 3 are needed" in english(found.reason)
    assert found.matched_strength is None
    assert found.attributes[0].same_dimension is None
    assert found.attributes[0].dimensions == (0, 0)


def test_constant_dimensions_match_nothing():
    flat = CODES.copy()
    flat[:, 0] = 1.0
    _, strengths = match(flat, flat)
    assert strengths[0] == 0.0


def test_differences_of_models_are_welch_intervals():
    first, second = [1.0, 1.2, 1.1], [0.5, 0.9, 0.4]
    found = comparison.compute("nats", "", "lower", {"a": first, "b": second}, bounded=False)
    expected = ttest_ind(first, second, equal_var=False).confidence_interval()
    assert found.differences[0].estimate.value == pytest.approx(0.5)
    assert found.differences[0].estimate.low == pytest.approx(expected.low)
    assert found.differences[0].estimate.high == pytest.approx(expected.high)
    assert found.models[0].estimate.low == pytest.approx(1.1 - 4.302653 * 0.1 / np.sqrt(3), rel=1e-5)


def test_one_seed_has_no_interval_and_equal_seeds_a_point():
    found = comparison.compute("nats", "", "lower", {"a": [1.0], "b": [2.0]}, bounded=False)
    assert found.models[0].estimate.low is None
    assert found.differences[0].estimate.high is None
    exact = comparison.difference_of_means([1.0, 1.0], [2.0, 2.0])
    assert (exact.low, exact.value, exact.high) == (-1.0, -1.0, -1.0)


def test_measures_with_two_ends_have_their_seeds_and_no_interval():
    seeds = {"a": [0.9, 1.0, 0.95], "b": [0.0, 0.3, 0.1], "c": [0.2, 0.98, 0.5]}
    found = comparison.compute("mig", "", "higher", seeds, bounded=True)
    estimates = [row.estimate for row in (*found.models, *found.differences)]
    assert {(one.low, one.high) for one in estimates} == {(None, None)}
    assert [list(row.by_seed) for row in found.models] == list(seeds.values())
    assert found.models[0].estimate.value == pytest.approx(0.95)
    assert [(d.first, d.second, d.seeds) for d in found.differences] == [
        ("a", "b", "above"),
        ("a", "c", "overlap"),
        ("b", "c", "overlap"),
    ]


def test_every_score_says_which_end_is_good():
    rng = np.random.default_rng(0)
    codes, factors = rng.normal(size=(240, 3)), rng.integers(3, size=(240, 2))
    scores = disentanglement_scores.compute(
        codes[:120], factors[:120], codes[120:], factors[120:], 0, True, True, 3, 120, 40
    )
    assert set(scores) == set(MEANINGS)
    # Two dimensions that repeat each other depend on each other more than two that do not, and more is worse.
    apart = unsupervised_scores(codes)
    alike = unsupervised_scores(np.column_stack([codes[:, :2], codes[:, 0] + 0.3 * codes[:, 2]]))
    for name, value in vars(apart).items():
        if name in MEANINGS:
            assert MEANINGS[name].better == "lower"
            assert getattr(alike, name) > value


def test_a_claimed_group_is_claimed_whole():
    uncertainty, p_values = np.array([[0.6, 0.5, 0.1]]), np.array([[0.001, 0.001, 0.5]])
    four = [uncertainty] * 3
    found = association.Association(("shape",), *four, p_values, 9, 99, p_values, p_values, uncertainty)
    names = ("shape=square", "shape=heart", "free0")
    rows = unclaimed.compute("gan", names, [True] * 3, found, [0], [0, 0, 1], 0.05)
    assert [row.name for row in rows] == ["free0"]


def test_unclaimed_dimensions_are_unused_or_carry_something():
    uncertainty = np.array([[0.6, 0.3, 0.0], [0.0, 0.1, 0.0]])
    p_values = np.array([[0.001, 0.01, 1.0], [1.0, 0.04, 1.0]])
    found = association.Association(
        ("lit", "size"),
        uncertainty,
        uncertainty,
        uncertainty,
        p_values,
        9,
        99,
        p_values,
        p_values,
        uncertainty,
    )
    first, second = unclaimed.compute(
        "vae", ("z0", "z1", "z2"), [True, True, False], found, [0, 0], [0, 1, 2], 0.05
    )
    assert (first.name, first.status) == ("z1", "carries")
    assert [a.attribute for a in first.associations] == ["lit", "size"]
    assert first.associations[0].uncertainty.value == 0.3
    assert (second.name, second.status, second.associations) == ("z2", "unused", ())
