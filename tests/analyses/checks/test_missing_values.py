"""Attributes that some images lack: each is judged on the images that have it."""

from dataclasses import replace

import numpy as np
import pytest

from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim
from latent_audit.tasks.analyses.absence.measure import CodeAndValues
from latent_audit.tasks.analyses.checks import association, attribute_correlation, counter_examples
from latent_audit.tasks.analyses.checks.testable import split_testable
from latent_audit.tasks.analyses.places.slopes import LabelSlopes
from latent_audit.tasks.analyses.selftest.place_audit import places_of_world
from latent_audit.tasks.analyses.selftest.place_worlds import linear_world, turned
from latent_audit.tasks.analyses.selftest.synthetic_data import SyntheticData
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.joint_counts import JointCounts
from latent_audit.tasks.analyses.statistics.mutual_information import (
    exchanged_uncertainty,
    permuted_information_nats,
)
from latent_audit.tasks.analyses.statistics.shared_shuffles import Sequential, information_given_each_other
from latent_audit.tasks.analyses.statistics.splits import split
from latent_audit.tasks.datasets.attributes import Attribute

SHARE = 0.1
CONTINUOUS = tuple(Attribute(f"a{k}", "continuous") for k in range(3))


def without(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(values.shape) < share, np.nan, values)


def test_counts_are_those_of_the_images_that_have_the_attribute() -> None:
    rng = np.random.default_rng(0)
    levels, binned = rng.integers(3, size=(200, 3)), rng.integers(4, size=(200, 2))
    levels[rng.random(200) < 0.3, 1] = -1
    known = levels[:, 1] >= 0
    joint = JointCounts(levels, binned, 4)
    alone = JointCounts(levels[known][:, [1]], binned[known], 4)
    order = np.arange(200)
    np.testing.assert_array_equal(joint.shuffled(order)[1], alone.shuffled(np.arange(known.sum()))[0])
    np.testing.assert_array_equal(joint.resampled(order)[1], alone.resampled(np.arange(known.sum()))[0])
    shuffled = joint.shuffled(rng.permutation(200))
    np.testing.assert_array_equal(shuffled[1].sum(axis=2), joint.shuffled(order)[1].sum(axis=2))
    np.testing.assert_array_equal(shuffled[1].sum(axis=1), joint.shuffled(order)[1].sum(axis=1))
    observed = permuted_information_nats(levels, binned, 4, 2, rng)[0, 1]
    expected = permuted_information_nats(levels[known][:, [1]], binned[known], 4, 2, rng)[0, 0]
    np.testing.assert_allclose(observed, expected)


def test_groups_exchange_an_attribute_among_the_images_that_have_it() -> None:
    rng = np.random.default_rng(0)
    groups = ImageGroups.of(np.repeat(np.arange(60), 4), 240)
    levels = np.stack([rng.integers(2, size=60)[groups.labels], rng.integers(2, size=240)], axis=1)
    levels[rng.random((240, 2)) < SHARE] = -1
    binned = rng.integers(4, size=(240, 3))
    found = exchanged_uncertainty(levels, binned, 4, 50, groups, rng)
    for k in range(2):
        known = levels[:, k] >= 0
        inside = ImageGroups.of(groups.labels[known], int(known.sum()))
        alone = exchanged_uncertainty(levels[known][:, [k]], binned[known], 4, 1, inside, rng)
        assert inside.are_constant_in(levels[known, k]) == (k == 0)
        if k == 0:
            np.testing.assert_allclose(found[0, k], alone[0, 0])
    assert (found[1:].std(axis=0) > 0).all()


def test_two_attributes_are_compared_on_the_images_that_have_both() -> None:
    rng = np.random.default_rng(1)
    levels, binned = rng.integers(3, size=(900, 2)), rng.integers(4, size=900)
    levels[:, 1] = np.where(rng.random(900) < 0.7, levels[:, 0], levels[:, 1])
    binned = np.where(rng.random(900) < 0.7, levels[:, 1], binned)
    levels = np.where(rng.random((900, 2)) < SHARE, -1, levels)
    both = np.logical_and(levels[:, 0] >= 0, levels[:, 1] >= 0)
    plans = Sequential(10), Sequential(60)

    def information(rows: np.ndarray) -> list[float]:
        groups = ImageGroups.of(None, int(rows.sum()))
        ((leakage, conditioning),) = information_given_each_other(
            [(0, binned[rows])], levels[rows], *plans, np.random.default_rng(0), groups
        )
        return [leakage[1].value or 0.0, conditioning[1].value or 0.0]

    np.testing.assert_allclose(information(np.ones(900, bool)), information(both), atol=0.01)
    assert information(both)[0] > 0.2


def test_slopes_are_those_of_the_pairs_in_which_both_images_have_the_attribute() -> None:
    rng = np.random.default_rng(2)
    base, donor = (without(rng.normal(size=(300, 2)), SHARE, rng) for _ in range(2))
    readings = rng.normal(size=(300, 2)) + np.nan_to_num(donor)
    weights = rng.integers(3, size=(4, 300)).astype(float)
    found = LabelSlopes(base, donor, [(0,), (1,)], weights).partial(readings)
    known = ~np.isnan(base[:, 1] + donor[:, 1])
    alone = LabelSlopes(base[known][:, [1]], donor[known][:, [1]], [(0,)], weights[:, known])
    for whole, part in zip(found, alone.partial(readings[known][:, [1]]), strict=True):
        np.testing.assert_allclose(whole[:, 1], part[:, 0])


def test_correlation_and_parts_and_counter_examples_leave_out_what_is_missing() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(2000, 3))
    values[:, 1] = values[:, 0] + 0.5 * values[:, 1]
    gone = without(values, SHARE, rng)
    full, part = (attribute_correlation.compute(CONTINUOUS, found).matrix for found in (values, gone))
    np.testing.assert_allclose(part, full, atol=0.05)
    parts = split(CONTINUOUS, gone, 0, order=np.arange(2000))
    assert len(split_testable(CONTINUOUS, gone, parts, 30)[0]) == 3
    for name in parts.names:
        assert np.isnan(gone[parts.rows(name)]).mean() == pytest.approx(SHARE, abs=0.02)
    rows = counter_examples.find(CONTINUOUS[0], values[:, 0], gone[:, 0], values[:, 0], gone[:, 0], 20, rng)
    assert len(rows) == 20
    assert not np.isnan(gone[rows, 0]).any()
    code = CodeAndValues(CONTINUOUS, values.astype(np.float32), gone, values.astype(np.float32), gone)
    having = code.having(AbsenceClaim("a0", ("a1",)))
    assert not np.isnan(having.fit_values[:, :2]).any()
    assert len(having.fit_codes) == len(having.fit_values) < 2000
    complete = replace(code, fit_values=values, test_values=values)
    assert complete.having(AbsenceClaim("a0")) is complete


@pytest.mark.parametrize("angle", [0, 45])
def test_cells_that_lack_at_random_change_no_word(angle: int) -> None:
    rng = np.random.default_rng(4)
    world = linear_world(turned(angle, 3), rng.standard_normal((2400, 3)), rng)
    gone = without(world.values, SHARE, rng)
    lacking = SyntheticData(
        world.attributes, gone, world.codes, world.decode, world.respond, world.response_columns
    )
    before, after = (places_of_world(one, 0) for one in (world, lacking))
    for name, row in before.items():
        assert (after[name]["rung"], after[name]["verdict"]) == (row["rung"], row["verdict"])
        words = [
            {check: found["verdict"] for check, found in one["checks"].items()} for one in (row, after[name])
        ]
        assert words[0] == words[1]


def false_associations(worlds: int, seed: int) -> int:
    """Returns in how many null worlds anything is associated, though which cells are missing hangs on the code."""
    found = 0
    for world in range(worlds):
        rng = np.random.default_rng([seed, world])
        codes = rng.normal(size=(800, 4))
        shared = rng.normal(size=(800, 1))
        values = shared + rng.normal(size=(800, 3))
        for k in range(3):
            # A quarter of the cells: more often where a dimension is large; a third of the images lack two together.
            values[rng.random(800) < 0.25 + 0.2 * np.tanh(codes[:, min(k, 1)]), k] = np.nan
        measured = association.compute(
            CONTINUOUS,
            codes[:400],
            values[:400],
            codes[400:],
            values[400:],
            world,
            permutations=99,
            resamples=2,
        )
        found += bool((measured.p_adjusted <= 0.05).any())
    return found


def most_false(worlds: int) -> float:
    """Returns 5 % of the worlds and two standard errors."""
    return 0.05 * worlds + 2.0 * float(np.sqrt(worlds * 0.05 * 0.95))


def test_nothing_is_associated_more_often_than_said_where_cells_are_missing() -> None:
    assert false_associations(40, 0) <= most_false(40)


@pytest.mark.endurance
def test_nothing_is_associated_more_often_than_said_in_many_worlds() -> None:
    assert false_associations(200, 1) <= most_false(200)
