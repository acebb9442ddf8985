import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, entropy, mannwhitneyu, norm
from sklearn.metrics import mutual_info_score, roc_auc_score

from latent_audit.tasks.analyses.checks import association
from latent_audit.tasks.analyses.statistics.binning import (
    attribute_levels,
    fit_attribute_coding,
    fit_code_bins,
)
from latent_audit.tasks.analyses.statistics.estimates import interval, mean_estimate, table_resamples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.joint_counts import JointCounts
from latent_audit.tasks.analyses.statistics.mutual_information import (
    entropy_nats,
    information_nats,
    joint_tables,
    permuted_information_nats,
    uncertainty_coefficient,
)
from latent_audit.tasks.analyses.statistics.probe_scores import (
    auroc,
    auroc_resamples,
    balanced_accuracy_resamples,
    r_squared_resamples,
)
from latent_audit.tasks.datasets.attributes import Attribute

BINARY = Attribute("lit", "binary", ("no", "yes"))


def random_cells(seed, n=400, levels=3, bins=5):
    rng = np.random.default_rng(seed)
    return rng.integers(levels, size=(n, 2)), rng.integers(bins, size=(n, 4))


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_information_agrees_with_scikit_learn_and_entropy_with_scipy(seed):
    levels, binned = random_cells(seed)
    tables = joint_tables(levels, 3, binned, 5)
    for k in range(2):
        assert entropy_nats(np.bincount(levels[:, k])) == pytest.approx(entropy(np.bincount(levels[:, k])))
        for j in range(4):
            expected = mutual_info_score(levels[:, k], binned[:, j])
            assert information_nats(tables, corrected=False)[k, j] == pytest.approx(expected, abs=1e-12)
            share = expected / entropy(np.bincount(levels[:, k]))
            assert uncertainty_coefficient(tables, corrected=False)[k, j] == pytest.approx(share, abs=1e-12)


def test_correction_takes_chance_off_and_leaves_certainty():
    rng = np.random.default_rng(0)
    corrected, plain = [], []
    for _ in range(200):
        levels, binned = rng.integers(4, size=(500, 1)), rng.integers(20, size=(500, 1))
        tables = joint_tables(levels, 4, binned, 20)
        corrected.append(uncertainty_coefficient(tables)[0, 0])
        plain.append(uncertainty_coefficient(tables, corrected=False)[0, 0])
    assert np.mean(plain) > 0.035
    assert abs(np.mean(corrected)) < 0.002
    same = rng.integers(4, size=(500, 1))
    assert uncertainty_coefficient(joint_tables(same, 4, same, 4))[0, 0] == pytest.approx(1.0, abs=0.01)


def test_permuted_information_starts_with_the_data_and_keeps_margins():
    levels, binned = random_cells(1)
    found = permuted_information_nats(levels, binned, 5, 50, np.random.default_rng(0))
    assert found.shape == (51, 2, 4)
    assert found[0] == pytest.approx(information_nats(joint_tables(levels, 3, binned, 5), corrected=False))
    generator = np.random.default_rng(0)
    expected = information_nats(
        joint_tables(levels[generator.permutation(400)], 3, binned, 5), corrected=False
    )
    assert found[1] == pytest.approx(expected)


def brute_force_step_down(statistics):
    """Westfall and Young's algorithm 2.8, one cell and one permutation at a time."""
    observed, null = statistics[0], statistics[1:]
    order = sorted(range(len(observed)), key=lambda cell: -observed[cell])
    adjusted, largest_so_far = {}, 0.0
    for place, cell in enumerate(order):
        count = sum(max(row[other] for other in order[place:]) >= observed[cell] - 1e-9 for row in null)
        largest_so_far = max(largest_so_far, (1 + count) / len(statistics))
        adjusted[cell] = largest_so_far
    return [adjusted[cell] for cell in range(len(observed))]


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_step_down_agrees_with_a_brute_force_loop(seed):
    statistics = np.random.default_rng(seed).normal(size=(40, 6))
    assert association.step_down_p_values(statistics) == pytest.approx(brute_force_step_down(statistics))


def test_family_wise_error_by_brute_force():
    """Dependent cells, all null: the share of families with any p <= 0.05 stays at 0.05."""
    rng = np.random.default_rng(7)
    false = 0
    for _ in range(600):
        levels, binned = rng.integers(2, size=(80, 2)), rng.integers(3, size=(80, 3))
        levels[:, 1] = levels[:, 0]
        information = permuted_information_nats(levels, binned, 3, 99, rng)
        false += association.step_down_p_values(association.standardised(information)).min() <= 0.05
    assert false / 600 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 600)


def test_a_constant_dimension_has_p_one_and_tells_nothing():
    rng = np.random.default_rng(0)
    codes, values = rng.normal(size=(800, 2)), rng.integers(2, size=(800, 1)).astype(float)
    codes[:, 1] = 3.0
    found = association.compute(
        [BINARY], codes[:400], values[:400], codes[400:], values[400:], 0, permutations=99, resamples=20
    )
    assert found.p_adjusted[0, 1] == 1.0
    assert found.uncertainty[0, 1] == 0.0


def test_each_type_is_found_whatever_its_map():
    rng = np.random.default_rng(0)
    n = 3000
    angle, size = rng.uniform(0, 360, n), rng.normal(size=n)
    kind, level = rng.integers(3, size=n), rng.integers(5, size=n)
    attributes = [
        Attribute("angle", "cyclic", period=360.0),
        Attribute("size", "continuous"),
        Attribute("kind", "categorical", ("a", "b", "c")),
        Attribute("level", "ordinal"),
    ]
    values = np.stack([angle, size, kind, level], axis=1).astype(float)
    codes = np.stack([np.cos(np.deg2rad(angle)), size**2, np.array([1, 2, 0])[kind], -level], axis=1)
    codes = (codes + 0.1 * rng.normal(size=codes.shape)).astype(np.float32)
    found = association.compute(
        attributes,
        codes[:1500],
        values[:1500],
        codes[1500:],
        values[1500:],
        0,
        permutations=199,
        resamples=50,
    )
    assert found.uncertainty.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert found.fit_uncertainty.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert (np.diag(found.p_adjusted) <= 0.005).all()
    assert (found.p_adjusted[~np.eye(4, dtype=bool)] > 0.05).all()
    assert (found.low <= found.uncertainty).all()
    assert (found.uncertainty <= found.high).all()
    assert len(found.null_max) == 100
    assert found.cell(0, 0).value == found.uncertainty[0, 0]


def test_bins_are_fitted_on_one_part_only():
    rng = np.random.default_rng(0)
    codes, values = rng.normal(size=(600, 2)), rng.integers(2, size=(600, 1)).astype(float)
    first = association.compute(
        [BINARY], codes[:300], values[:300], codes[300:], values[300:], 0, permutations=9, resamples=5
    )
    shifted = codes.copy()
    shifted[300:] += 100.0  # every test image falls into the last bin of the fitted edges
    second = association.compute(
        [BINARY], shifted[:300], values[:300], shifted[300:], values[300:], 0, permutations=9, resamples=5
    )
    assert np.array_equal(first.fit_uncertainty, second.fit_uncertainty)
    assert second.uncertainty.max() == 0.0


def test_codings_of_each_type():
    cyclic = fit_attribute_coding(Attribute("t", "cyclic", period=360.0), np.array([0.0]), 12)
    assert cyclic.apply(np.array([0.0, 359.9, 360.0, -0.1, 31.0])).tolist() == [0, 11, 0, 11, 1]
    ordinal = fit_attribute_coding(Attribute("o", "ordinal"), np.array([0.5, 0.6, 1.0]), 10)
    assert ordinal.apply(np.array([0.5, 0.6, 1.0, 0.58])).tolist() == [0, 1, 2, 1]
    continuous = fit_attribute_coding(Attribute("c", "continuous"), np.arange(1000.0), 4)
    assert np.bincount(continuous.apply(np.arange(1000.0))).tolist() == [250, 250, 250, 250]
    levels, count = attribute_levels([BINARY], np.array([[0.0], [1.0]]), np.array([[1.0], [0.0]]), 10)
    assert levels.tolist() == [[1], [0]]
    assert count == 2
    wide = fit_code_bins(np.array([[0.0], [10.0]]), 5, "equal_width")
    assert wide.apply(np.array([[-1.0], [1.9], [2.1], [99.0]])).ravel().tolist() == [0, 0, 1, 4]


def test_auroc_agrees_with_scikit_learn_ties_included():
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(2, size=300).astype(float), np.round(rng.normal(size=300), 1)
    assert auroc(truth, scores) == pytest.approx(roc_auc_score(truth, scores))
    weights = image_weights(300, 5, rng)
    expected = [roc_auc_score(truth, scores, sample_weight=row) for row in weights]
    assert auroc_resamples(truth, scores, weights) == pytest.approx(expected)


def test_weighted_scores_are_scores_of_repeated_images():
    rng = np.random.default_rng(1)
    truth, chosen = rng.integers(3, size=60), rng.integers(3, size=60)
    weights = image_weights(60, 4, rng)
    numbers, predicted = rng.normal(size=(60, 1)), rng.normal(size=(60, 1))
    for row, accuracy, r_squared in zip(
        weights,
        balanced_accuracy_resamples(truth.astype(float), chosen, 3, weights),
        r_squared_resamples(numbers, predicted, weights),
        strict=True,
    ):
        again = np.repeat(np.arange(60), row.astype(int))
        recalls = [(chosen[again] == truth[again])[truth[again] == c].mean() for c in range(3)]
        assert accuracy == pytest.approx(np.mean(recalls))
        residual = ((numbers[again] - predicted[again]) ** 2).sum()
        assert r_squared == pytest.approx(
            1 - residual / ((numbers[again] - numbers[again].mean()) ** 2).sum()
        )


def test_intervals_agree_with_scipy_bootstrap():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=200)
    ours = mean_estimate(values, 4000, rng, "bootstrap over images")
    theirs = bootstrap((values,), np.mean, n_resamples=4000, method="percentile", random_state=0)
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.02)


def binary_world(seed, n=300):
    """Returns a binary attribute (n,), and a score (n,) that tells a part of it, with ties."""
    rng = np.random.default_rng(seed)
    lit = rng.integers(2, size=n)
    return lit, np.round(lit + rng.normal(size=n), 1)


def test_the_interval_of_auroc_agrees_with_scipy_bootstrap():
    lit, scores = binary_world(0)
    weights = image_weights(len(lit), 4000, np.random.default_rng(1))
    low, high = interval(auroc_resamples(lit, scores, weights))

    def auroc(lit, scores):  # roc_auc_score takes twenty times as long to look at what it is given
        wins = mannwhitneyu(scores[lit == 1], scores[lit == 0]).statistic
        return wins / ((lit == 1).sum() * (lit == 0).sum())

    assert auroc(lit, scores) == pytest.approx(roc_auc_score(lit, scores), abs=1e-12)
    theirs = bootstrap(
        (lit, scores), auroc, paired=True, vectorized=False, n_resamples=2000, method="percentile",
        random_state=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_the_interval_of_uncertainty_agrees_with_scipy_standard_error():
    lit, scores = binary_world(3)
    values, codes = lit[:, None].astype(float), scores[:, None].astype(np.float32)
    ours = association.compute([BINARY], codes, values, codes, values, 0, permutations=99, resamples=3000)
    binned = fit_code_bins(codes, association.CODE_BINS).apply(codes)[:, 0]

    def share(levels, bins):
        counts = np.bincount(2 * bins + levels, minlength=2 * association.CODE_BINS).reshape(-1, 2)
        return mutual_info_score(None, None, contingency=counts) / entropy(counts.sum(axis=0))

    theirs = bootstrap(
        (lit, binned), share, paired=True, vectorized=False, n_resamples=2000, method="percentile",
        random_state=np.random.default_rng(4),
    )  # fmt: skip
    half = (ours.high[0, 0] - ours.low[0, 0]) / 2
    assert half == pytest.approx(norm.ppf(0.975) * theirs.standard_error, rel=0.08)
    assert ours.low[0, 0] < ours.uncertainty[0, 0] < ours.high[0, 0]


def test_a_table_resampled_is_a_bootstrap_over_its_images():
    rng = np.random.default_rng(0)
    table = np.array([[30, 5], [10, 0]])
    drawn = table_resamples(table, 3000, rng)
    assert (drawn.sum(axis=(1, 2)) == 45).all()
    assert (drawn[:, 1, 1] == 0).all()
    assert drawn.mean(axis=0) == pytest.approx(table, abs=0.4)
    assert drawn[:, 0, 0].std() == pytest.approx(np.sqrt(45 * (30 / 45) * (15 / 45)), rel=0.06)


def test_interval_leaves_unknown_samples_out():
    low, high = interval(np.array([np.nan, 1.0, 1.0, np.nan]))
    assert (float(low), float(high)) == (1.0, 1.0)


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_attributes_counted_together_are_counted_right(seed, attributes):
    rng = np.random.default_rng(seed)
    levels = np.stack([rng.integers(rng.integers(1, 9), size=60) for _ in range(attributes)], axis=1)
    binned = rng.integers(4, size=(60, 3))
    most_cells = int(rng.choice([1, 40, 400]))  # blocks of one attribute, of some, of all
    joint = JointCounts(levels, binned, 4, most_cells)
    order, images = rng.permutation(60), rng.integers(60, size=60)
    for counted, rows, columns in (
        (joint.shuffled(order), levels[order], binned),
        (joint.resampled(images), levels[images], binned[images]),
    ):
        for k, counts in enumerate(counted):
            for j in range(3):
                expected = np.zeros(counts.shape[1:], int)
                np.add.at(expected, (rows[:, k], columns[:, j]), 1)
                assert np.array_equal(counts[j], expected)


def test_a_thousand_permutations_take_seconds_not_minutes():
    rng = np.random.default_rng(0)
    levels, binned = rng.integers(10, size=(10_000, 5)), rng.integers(20, size=(10_000, 10))
    started = time.process_time()
    permuted_information_nats(levels, binned, 20, 200, rng)
    assert time.process_time() - started < 1.0  # 0.2 s on an idle core
