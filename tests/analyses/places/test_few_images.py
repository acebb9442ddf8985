"""Few images: what is chosen and fitted on four folds is scored on the fifth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from latent_audit.tasks.analyses.checks import association, specificity
from latent_audit.tasks.analyses.checks.check_rules import few_folds
from latent_audit.tasks.analyses.checks.fold_choices import choose_by_folds
from latent_audit.tasks.analyses.places.fitted.crossed_null import Coordinate, crossed_p_values, smoother
from latent_audit.tasks.analyses.places.fitted.fold_pairs import FoldSwap, draw_pairs_in_folds
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.places.swaps import DimensionSwap
from latent_audit.tasks.analyses.selftest import fold_rows, place_worlds
from latent_audit.tasks.analyses.selftest.place_audit import LIMITS, measure_world, record_of
from latent_audit.tasks.analyses.statistics.folds import AGREEING, FOLDS, deal_folds, most_chosen
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.vocabulary.verdicts import INCONCLUSIVE, SUPPORTED


def folds_of(images: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    return deal_folds(rng.permutation(images), images, rng)


def test_folds_are_of_one_size_and_leave_out_what_is_not_dealt():
    folds = deal_folds(np.arange(0, 206, 2), 206, np.random.default_rng(0))
    assert (folds[1::2] == -1).all()
    counts = np.bincount(folds[::2])
    assert counts.sum() == 103
    assert counts.max() - counts.min() <= 1


def test_the_first_among_equals_is_most_chosen():
    assert most_chosen([3, 1, 1, 3, 2]) == (3, 2)


def test_no_prediction_rests_on_a_label_of_its_own_fold():
    rng = np.random.default_rng(1)
    folds = folds_of(60)
    matrix = smoother(rng.standard_normal((60, 7)), folds)
    assert (matrix[folds[:, None] == folds[None, :]] == 0.0).all()
    # A constant is predicted as it is, and a linear target closely.
    np.testing.assert_allclose(matrix @ np.ones(60), 1.0, atol=1e-12)


def test_a_smoother_is_ridge_regression_on_the_other_folds():
    rng = np.random.default_rng(2)
    codes, target, folds = rng.standard_normal((50, 3)), rng.standard_normal(50), folds_of(50)
    predicted = smoother(codes, folds) @ target
    inside, outside = folds == 2, folds != 2
    mean, spread = codes[outside].mean(axis=0), codes[outside].std(axis=0)
    fit, held_out = (codes[outside] - mean) / spread, (codes[inside] - mean) / spread
    centred = target[outside] - target[outside].mean()
    weights = np.linalg.solve(fit.T @ fit + 0.1 * len(fit) * np.eye(3), fit.T @ centred)
    np.testing.assert_allclose(predicted[inside], target[outside].mean() + held_out @ weights, atol=1e-12)


def test_p_values_of_nothing_are_uniform():
    """Fixed predictions against shuffled labels would not be: they were learnt from those labels."""
    low = 0
    worlds, images = 150, 60
    for world in range(worlds):
        rng = np.random.default_rng([world, 3])
        codes, target = rng.standard_normal((images, 5)), rng.standard_normal((images, 1))
        levels = (target.argsort(axis=0).argsort(axis=0) * 4 // images).astype(np.int64)
        every = tuple(range(5))
        found = crossed_p_values(
            [Coordinate(0, every, 2), Coordinate(0, every), Coordinate(0, every, bends=True)],
            [target],
            levels,
            codes,
            folds_of(images, world),
            ImageGroups.of(None, images),
            world,
            shuffles=39,
        )
        low += min(found) <= 0.1
    assert binom.cdf(low, worlds, 0.1) < 0.995
    assert low >= 1


def test_groups_are_shuffled_whole():
    """An attribute and a code that are of groups alone tell nothing of each other."""
    low, worlds = 0, 40
    for world in range(worlds):
        rng = np.random.default_rng([world, 4])
        labels = np.repeat(np.arange(40), 6)
        target = rng.standard_normal(40)[labels][:, None]
        codes = rng.standard_normal((40, 3))[labels] + 0.1 * rng.standard_normal((240, 3))
        groups = ImageGroups.of(labels, 240)
        by_group = deal_folds(rng.permutation(40), 40, rng)
        levels = (target > np.median(target)).astype(np.int64)
        (p,) = crossed_p_values(
            [Coordinate(0, (0, 1, 2))], [target], levels, codes, by_group[labels], groups, world, shuffles=39
        )
        low += p <= 0.05
    assert binom.sf(low - 1, worlds, 0.05) > 0.002


def test_pairs_stay_within_a_fold_and_each_image_is_in_one_at_most():
    folds = folds_of(203)
    pairs = draw_pairs_in_folds(ImageGroups.of(None, 203), folds, 1000, 0)
    assert (folds[pairs.base] == folds[pairs.donor]).all()
    assert len(set(pairs.base) | set(pairs.donor)) == 2 * len(pairs)
    assert len(pairs) == sum(int((folds == fold).sum()) // 2 for fold in range(FOLDS))
    grouped = draw_pairs_in_folds(
        ImageGroups.of(np.arange(203) // 7, 203), (np.arange(203) // 7 % 5), 1000, 0
    )
    assert grouped.groups.count >= 10
    assert ((grouped.base // 7) % 5 == (grouped.donor // 7) % 5).all()


def test_each_fold_is_swapped_by_its_own_part():
    base, donor = np.zeros((4, 3), np.float32), np.ones((4, 3), np.float32)
    swap = FoldSwap((DimensionSwap((0,)), DimensionSwap((2,))), np.array([0, 1, 1, 0], np.int8))
    expected = [[1, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]]
    np.testing.assert_array_equal(swap.apply(base, donor), expected)


def test_the_dimension_that_most_folds_choose_is_claimed():
    uncertainty = np.zeros((5, 1, 4))
    uncertainty[:, 0, 1] = 0.3
    uncertainty[0, 0, 2] = 0.5
    (choice,) = choose_by_folds(uncertainty, range(4), None)
    assert (choice.dimension, choice.runner_up, choice.agreeing) == (1, 2, 4)
    # Two dimensions of a group stand for one another.
    (choice,) = choose_by_folds(uncertainty, (0, 1, 1, 2), None)
    assert choice.agreeing == 5
    assert choice.runner_up in (0, 3)
    (choice,) = choose_by_folds(uncertainty, range(4), np.array([True, False, True, True]))
    assert choice.dimension != 1


def test_folds_that_disagree_leave_a_claim_undecided():
    world = place_worlds.linear_world(
        np.eye(3), np.random.default_rng(0).standard_normal((250, 3)), np.random.default_rng(1)
    )
    folds = folds_of(250)
    found = measure_world(world, 0, folds=folds)
    assert all(rung.folds_agreeing in (None, FOLDS) for place in found.attributes for rung in place.rungs)
    record = record_of(world, found)
    assert {row.verdict for row in where.places_of_control(record, LIMITS)} == {SUPPORTED}
    for place in record["places"]["attributes"]:
        for rung in place["rungs"]:
            rung["folds_agreeing"] = AGREEING - 1
    rows = where.places_of_control(record, LIMITS)
    assert {row.verdict for row in rows} == {INCONCLUSIVE}
    assert {rung.verdict for row in rows for rung in row.rungs if rung.rung != "read"} == {INCONCLUSIVE}
    assert few_folds("a0", {"folds_agreeing": AGREEING}) is None
    assert few_folds("a0", {}) is None


def test_claims_of_single_dimensions_say_how_many_folds_agree():
    world = place_worlds.linear_world(
        np.eye(3), np.random.default_rng(2).standard_normal((220, 3)), np.random.default_rng(3)
    )
    parts = (world.codes, world.values, world.codes, world.values)
    told = association.compute(world.attributes, *parts, 0, 99, 60, code_bins=association.FEW_CODE_BINS)
    found = specificity.compute(
        world.attributes,
        *parts,
        told,
        range(world.codes.shape[1]),
        0,
        significance=0.05,
        survives_from=0.1,
        gap_min=0.1,
        resamples=60,
        folds=folds_of(220),
    )
    assert [(claim.dimension, claim.folds_agreeing) for claim in found] == [(0, 5), (1, 5), (2, 5)]
    assert all(claim.uncertainty.n == 220 for claim in found)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_direction_of_few_images_is_found(missing):
    rng = np.random.default_rng(5)
    mixing = np.array([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    world = place_worlds.linear_world(mixing, rng.standard_normal((260, 3)), rng)
    values = world.values.copy()
    values[rng.random(len(values)) < missing, 0] = np.nan
    found = measure_world(replace(world, values=values), 0, folds=folds_of(260))
    (row, _, third) = where.places_of_control(record_of(world, found), LIMITS)
    assert (row.rung, row.verdict) == ("direction", SUPPORTED)
    assert (third.rung, third.verdict) == ("dimension", SUPPORTED)
    rung = next(rung for rung in found.attributes[0].rungs if rung.rung == "direction")
    # Every image is scored, and by a reader that did not see it.
    assert rung.predictions.shape == (260, 1)
    assert np.isfinite(rung.predictions).all()
    assert abs(rung.association.uncertainty.n - 260 * (1 - missing)) <= 20


def test_a_block_of_few_images_is_that_which_the_folds_share():
    world = place_worlds.nonlinear_world("product", 700, np.random.default_rng(0))
    found = measure_world(world, 0, folds=folds_of(700))
    (row, _) = where.places_of_control(record_of(world, found), LIMITS)
    assert row.rung == "block"
    assert {member["dimension"] for member in row.members} == {0, 1}
    block = next(rung for rung in found.attributes[0].rungs if rung.rung == "block")
    assert block.folds_agreeing >= AGREEING


def test_u_of_two_normals_is_that_of_many_images():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(400_000)
    z = 0.9 * x + np.sqrt(1 - 0.81) * rng.standard_normal(len(x))
    levels, binned = (
        (column.argsort().argsort() * 10 // len(x))[:, None].astype(np.int64) for column in (x, z)
    )
    tables = association.joint_tables(levels, 10, binned, 10)
    measured = float(association.uncertainty_coefficient(tables)[0, 0])
    assert fold_rows.binned_uncertainty(0.9) == pytest.approx(measured, abs=2e-3)
