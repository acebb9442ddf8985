from dataclasses import replace

import numpy as np
import pytest

from latent_audit.tasks.analyses.checks import association, attribute_correlation, specificity
from latent_audit.tasks.analyses.checks.specificity import claimed_dimensions, shuffles_for
from latent_audit.tasks.analyses.statistics.conditional_information import (
    conditional_uncertainty,
    resampled_tables,
)
from latent_audit.tasks.datasets.attributes import Attribute

NAMES = ("first", "second", "third")
BINARY = tuple(Attribute(name, "binary", ("no", "yes")) for name in NAMES)


def check(codes, values, attributes=BINARY, groups=None, significance=0.05, survives_from=0.05, used=None):
    half = len(codes) // 2
    parts = (codes[:half], values[:half], codes[half:], values[half:])
    found = association.compute(attributes, *parts, 0, permutations=199, resamples=50)
    groups = range(codes.shape[1]) if groups is None else groups
    results = specificity.compute(
        attributes,
        *parts,
        found,
        groups,
        0,
        significance=significance,
        survives_from=survives_from,
        gap_min=0.1,
        used=used,
        resamples=100,
    )
    return {result.attribute: result for result in results}


def binaries(n=3000, copies=None, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(2, size=(n, 3)).astype(float)
    if copies is not None:
        values[:, 1] = np.where(rng.random(n) < copies, values[:, 0], values[:, 1])
    return values, rng


def test_one_dimension_an_attribute_has_a_gap_and_no_leak():
    values, rng = binaries()
    found = check(values + 0.2 * rng.normal(size=values.shape), values)
    assert [found[name].dimension for name in NAMES] == [0, 1, 2]
    for name in NAMES:
        result = found[name]
        assert result.gap.low > 0.8
        assert result.gap.value == pytest.approx(result.uncertainty.value, abs=0.01)
        assert result.explained_away_by == ()
        assert all(c.survives for c in result.survives_conditioning)
        assert all(leak.conditional_uncertainty.value < 0.02 for leak in result.leakage)


def test_duplicated_dimensions_have_no_gap_unless_they_are_one_group():
    values, rng = binaries()
    codes = values + 0.2 * rng.normal(size=values.shape)
    twice = np.hstack([codes, codes])
    apart = check(twice, values)["first"]
    assert {apart.dimension, apart.runner_up} == {0, 3}
    assert apart.gap.high < 0.05
    together = check(twice, values, groups=[0, 1, 2, 0, 1, 2])["first"]
    assert together.runner_up not in (0, 3)
    assert together.gap.low > 0.8


def test_two_attributes_in_one_dimension_leak():
    values, rng = binaries()
    codes = np.column_stack([values[:, 0] + 2 * values[:, 1] + 0.1 * rng.normal(size=3000), values[:, 2]])
    leak = {x.attribute: x.conditional_uncertainty for x in check(codes, values)["first"].leakage}
    assert leak["second"].value > 0.9
    assert leak["third"].value < 0.02


def test_a_copy_is_explained_away_by_what_it_copies():
    values, rng = binaries(copies=0.8)
    codes = np.column_stack([values[:, 0], values[:, 2]]) + 0.2 * rng.normal(size=(3000, 2))
    found = check(codes, values)
    assert found["first"].explained_away_by == ()
    assert found["second"].dimension == 0
    assert found["second"].explained_away_by == ("first",)


def test_a_continuous_copy_is_explained_away_too():
    rng = np.random.default_rng(0)
    driver = rng.normal(size=4000)
    values = np.column_stack([driver, 0.8 * driver + 0.6 * rng.normal(size=4000)])
    attributes = (Attribute("driver", "continuous"), Attribute("copy", "continuous"))
    codes = np.column_stack([driver + 0.1 * rng.normal(size=4000), rng.normal(size=4000)])
    found = check(codes, values, attributes)
    assert found["driver"].explained_away_by == ()
    assert found["copy"].explained_away_by == ("driver",)


def test_nothing_is_explained_away_where_nothing_is_claimed():
    values, rng = binaries(copies=0.8)
    found = check(rng.normal(size=(3000, 3)), values)
    assert all(result.explained_away_by == () for result in found.values())


def test_a_single_dimension_has_no_runner_up():
    values, rng = binaries()
    result = check(values[:, :1] + 0.2 * rng.normal(size=(3000, 1)), values)["first"]
    assert result.runner_up is None
    assert result.gap.value == result.uncertainty.value
    assert claimed_dimensions(np.array([0.1, 0.9, 0.8]), [0, 1, 1]) == (1, 0)


def share(binned, levels, given, shuffles, resamples, rng):
    draws = rng.integers(len(levels), size=(resamples, len(levels)))
    resampled = resampled_tables(binned, levels, given, draws)
    return conditional_uncertainty(binned, levels, given, shuffles, resampled, rng)


def test_resampled_tables_count_their_rows():
    rng = np.random.default_rng(0)
    binned, levels, given = rng.integers(4, size=30), rng.integers(3, size=30), rng.integers(2, size=30)
    draws = rng.integers(30, size=(2, 30))
    tables = resampled_tables(binned, levels, given, draws)
    assert tables.shape == (2, 2, 3, 4)
    by_hand = sum(given[row] == 1 and levels[row] == 2 and binned[row] == 3 for row in draws[1])
    assert tables[1, 1, 2, 3] == by_hand > 0
    assert (tables.sum(axis=(1, 2, 3)) == 30).all()
    turned = resampled_tables(binned, given, levels, draws)
    np.testing.assert_array_equal(turned, tables.swapaxes(1, 2))


def test_conditional_share_of_known_tables():
    rng = np.random.default_rng(0)
    n = 4000
    given, own = rng.integers(3, size=n), rng.integers(2, size=n)
    told = share(own, own, given, 50, 50, rng)
    assert told.estimate.value == pytest.approx(1.0, abs=0.01)
    assert told.p_value == pytest.approx(1 / 51)
    untold = share(rng.integers(5, size=n), own, given, 50, 50, rng)
    assert untold.estimate.value < 0.005
    decided = share(own, given, given, 50, 50, rng)
    assert np.isnan(decided.estimate.value)
    assert decided.p_value == 1.0


def test_chance_is_taken_off_whatever_the_number_of_levels():
    rng = np.random.default_rng(1)
    values = []
    for _ in range(40):
        z, a, b = (rng.integers(8, size=1000) for _ in range(3))
        values.append(share(z, a, b, 30, 2, rng).estimate.value)
    assert np.mean(values) < 0.01


def test_correlation_of_mixed_types():
    rng = np.random.default_rng(0)
    n = 5000
    angle = rng.uniform(0, 360, n)
    first = (np.cos(np.deg2rad(angle)) > 0).astype(float)
    kind = np.where(rng.random(n) < 0.9, first + 1, 0)
    size = rng.normal(size=n)
    attributes = (
        Attribute("angle", "cyclic", period=360.0),
        Attribute("first", "binary", ("no", "yes")),
        Attribute("kind", "categorical", ("a", "b", "c")),
        Attribute("size", "continuous"),
        Attribute("cube", "continuous"),
        Attribute("same", "binary", ("no", "yes")),
    )
    values = np.column_stack([angle, first, kind, size, size**3, np.zeros(n)])
    found = attribute_correlation.compute(attributes, values)
    assert np.array_equal(found.matrix, found.matrix.T)
    assert (np.diag(found.matrix) == 1.0).all()
    assert found.matrix[3, 4] == pytest.approx(1.0)
    assert found.matrix[0, 1] == pytest.approx(0.9, abs=0.02)
    assert found.matrix[0, 3] < 0.05
    assert (found.matrix[5, :5] == 0.0).all()
    entangled = attribute_correlation.entangled_pairs(found.names, found.matrix, 0.3)
    assert [pair.value for pair in entangled] == sorted((pair.value for pair in entangled), reverse=True)
    assert (entangled[0].first, entangled[0].second) == ("size", "cube")
    assert {(pair.first, pair.second) for pair in entangled} == {
        ("size", "cube"),
        ("first", "kind"),
        ("angle", "first"),
        ("angle", "kind"),
    }


def test_the_significance_that_associates_a_claim_also_lets_it_be_explained_away():
    """At p between two limits a claim counts as associated, and can be explained away, by one of them alone."""
    values, rng = binaries(n=1200, copies=0.9)
    codes = np.column_stack([values[:, 0] + 0.4 * rng.normal(size=1200), rng.normal(size=(1200, 2))])
    half = len(codes) // 2
    parts = (codes[:half], values[:half], codes[half:], values[half:])
    found = association.compute(BINARY, *parts, 0, permutations=199, resamples=50)
    p_values = found.p_adjusted.copy()
    p_values[1] = 0.07
    weak = replace(found, p_adjusted=p_values)

    def explained(significance):
        results = specificity.compute(
            BINARY,
            *parts,
            weak,
            range(3),
            0,
            significance=significance,
            survives_from=0.5,
            gap_min=0.1,
            resamples=50,
        )
        return results[1].explained_away_by

    assert explained(0.05) == ()
    assert "first" in explained(0.1)


@pytest.mark.parametrize(("significance", "shuffles"), [(0.05, 60), (0.1, 30), (0.01, 300), (0.001, 3000)])
def test_shuffles_are_enough_for_the_significance(significance, shuffles):
    assert shuffles_for(significance) == shuffles
    assert (1 + 2) / (shuffles + 1) <= significance < (1 + 3) / (shuffles + 1)


def test_a_strict_significance_does_not_explain_everything_away():
    """With sixty shuffles no p-value could be as small."""
    values, rng = binaries(n=2000)
    found = check(values + 0.2 * rng.normal(size=values.shape), values, significance=0.01)
    assert all(result.explained_away_by == () for result in found.values())
    assert all(c.survives for result in found.values() for c in result.survives_conditioning)


def test_correlation_of_two_binary_attributes_is_phi():
    values, _ = binaries(copies=0.5)
    found = attribute_correlation.compute(BINARY, values)
    assert found.matrix[0, 1] == pytest.approx(np.corrcoef(values[:, 0], values[:, 1])[0, 1])


def test_a_dimension_of_a_correlated_attribute_counts_with_what_it_tells_beyond_it():
    """Each of two attributes that go together has a dimension of its own: the plain gap is theirs, not the model's."""
    values, rng = binaries(n=6000, copies=0.9)
    found = check(values + 0.2 * rng.normal(size=values.shape), values)
    first = found["first"]
    assert first.gap.high < 0.45
    assert first.conditional_gap.estimate.low > 0.8
    assert (first.conditional_gap.competitor, first.conditional_gap.claimed_by) == (None, None)
    assert first.conditional_gap.undecidable_by == ()


def test_a_copy_that_no_attribute_claims_competes_in_full():
    values, rng = binaries(n=4000)
    codes = values + 0.2 * rng.normal(size=values.shape)
    codes = np.column_stack([codes, values[:, 0] + 0.3 * rng.normal(size=len(values))])
    gap = check(codes, values)["first"].conditional_gap
    assert (gap.competitor, gap.claimed_by) == (3, None)
    assert gap.estimate.high < 0.3


def test_an_attribute_that_another_nearly_decides_has_no_lead_that_could_be_measured():
    values, rng = binaries(n=6000, copies=0.995)
    gap = check(values + 0.2 * rng.normal(size=values.shape), values)["first"].conditional_gap
    assert gap.undecidable_by == ("second",)


def test_a_dimension_that_the_decoder_does_not_use_is_not_claimed():
    values, rng = binaries()
    codes = values + 0.2 * rng.normal(size=values.shape)
    codes = np.column_stack([codes, values[:, 0] + 0.05 * rng.normal(size=len(values))])
    assert check(codes, values)["first"].dimension == 3
    assert check(codes, values, used=np.array([True, True, True, False]))["first"].dimension == 0
    assert check(codes, values, used=np.zeros(4, dtype=bool))["first"].dimension == 3


def test_a_copy_without_use_is_not_claimed_however_well_it_reads():
    """The attribute lies in the direction z0 + z1; z2 repeats it without any use, at a KL near 0."""
    rng = np.random.default_rng(0)
    carried = rng.standard_normal((2000, 2))
    codes = np.column_stack([carried, 1e-3 * carried.sum(axis=1)])
    attribute = (Attribute("posX", "continuous"),)
    values = carried.sum(axis=1)[:, None]
    assert check(codes, values, attribute)["posX"].dimension == 2
    assert check(codes, values, attribute, used=np.array([True, True, False]))["posX"].dimension != 2
