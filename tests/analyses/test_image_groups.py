"""Groups of images: what is drawn and shuffled, error rates of null worlds, and coverage (reduced).

`python -m tests.analyses.group_worlds` measures the same at full size.
"""

import numpy as np
import pytest

from latent_audit.tasks.analyses.statistics.image_groups import FEWEST_OF_A_SIZE, ImageGroups, ShufflesWithin
from latent_audit.tasks.analyses.statistics.splits import split
from latent_audit.tasks.datasets.attributes import Attribute
from tests.analyses.group_worlds import KINDS, SIZES, coverage, false_association, group_sizes

SHARES = {"model_train": 0.55, "classifier_train": 0.15, "probe_fit": 0.15, "probe_test": 0.15}


def grouped(sizes: str, groups: int, seed: int = 0) -> ImageGroups:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), group_sizes(sizes, groups, rng))
    return ImageGroups.of(rng.permutation(labels), len(labels))


@pytest.mark.parametrize("sizes", SIZES)
def test_resamples_hold_whole_groups(sizes: str) -> None:
    groups = grouped(sizes, 50)
    rng = np.random.default_rng(1)
    for rows in groups.resampled_rows(5, rng):
        counts = np.bincount(rows, minlength=len(groups.labels))
        for members in groups.members:
            assert len(set(counts[members])) == 1
    weights = groups.weights(5, rng)
    for members in groups.members:
        assert (weights[:, members] == weights[:, members[:1]]).all()
    assert np.array_equal(weights[:, [rows[0] for rows in groups.members]].sum(axis=1), np.full(5, 50))


def test_without_groups_each_image_is_drawn_and_shuffled_as_ever() -> None:
    groups = ImageGroups.of(None, 30)
    assert groups.are_single_images
    assert groups.source == "bootstrap over images"
    drawn = groups.resampled_rows(4, np.random.default_rng(0))
    assert np.array_equal(drawn, np.random.default_rng(0).integers(30, size=(4, 30)))
    shuffled = groups.shuffled_among_groups(np.random.default_rng(0))
    assert np.array_equal(shuffled, np.random.default_rng(0).permutation(30))


@pytest.mark.parametrize("sizes", SIZES)
def test_whole_groups_of_equal_size_exchange_their_attributes(sizes: str) -> None:
    groups = grouped(sizes, 120)
    rng = np.random.default_rng(2)
    exchange = groups.exchange(rng)
    assert len(np.unique(exchange.rows)) == len(exchange.rows)
    for block in exchange.blocks:
        assert len(block) >= FEWEST_OF_A_SIZE
        assert block.shape[1] & (block.shape[1] - 1) == 0
        assert (groups.labels[block] == groups.labels[block][:, :1]).all()
    shuffled = exchange.shuffled(rng)
    assert np.array_equal(np.sort(shuffled), np.sort(exchange.rows))
    assert (groups.labels[shuffled] != groups.labels[exchange.rows]).mean() > 0.9
    giver: dict[int, set[int]] = {}
    for row, taken in zip(exchange.rows, shuffled, strict=True):
        giver.setdefault(groups.labels[row], set()).add(groups.labels[taken])
    assert all(len(found) == 1 for found in giver.values())


def test_an_attribute_that_is_constant_in_groups_stays_so_when_shuffled() -> None:
    groups = grouped("mixed", 60)
    levels = np.random.default_rng(3).integers(3, size=60)[groups.labels]
    assert groups.are_constant_in(levels)
    shuffled = levels[groups.shuffled_among_groups(np.random.default_rng(4))]
    assert groups.are_constant_in(shuffled)
    assert not np.array_equal(shuffled, levels)
    assert not groups.are_constant_in(np.arange(len(groups.labels)))


@pytest.mark.parametrize("constant", [True, False])
def test_shuffles_within_strata_stay_within_them(*, constant: bool) -> None:
    groups = grouped("mixed", 200)
    rng = np.random.default_rng(5)
    strata = rng.integers(2, size=200)[groups.labels]
    levels = rng.integers(3, size=200)[groups.labels] if constant else rng.integers(3, size=len(strata))
    within = ShufflesWithin.of(groups, levels, strata, rng)
    taken = within.shuffled(rng)
    assert np.array_equal(strata[taken], strata[within.rows])
    assert (len(within.rows) == len(strata)) == constant
    assert (taken != within.rows).mean() > 0.8


@pytest.mark.parametrize("sizes", SIZES)
def test_the_split_keeps_groups_together_and_follows_the_shares(sizes: str) -> None:
    groups = grouped(sizes, 400)
    rng = np.random.default_rng(6)
    values = np.stack(
        [rng.integers(2, size=400)[groups.labels], rng.standard_normal(len(groups.labels))], axis=1
    )
    attributes = (Attribute("sex", "binary", ("no", "yes")), Attribute("age", "continuous"))
    found = split(attributes, values.astype(float), 0, SHARES, minimum={}, groups=groups.labels)
    parts = [np.unique(groups.labels[found.rows(name)]) for name in found.names]
    assert sum(map(len, parts)) == 400
    for name, members in zip(found.names, parts, strict=True):
        assert len(members) == pytest.approx(SHARES[name] * 400, abs=2)
        sex = [values[groups.members[group][0], 0] for group in members]
        assert np.mean(sex) == pytest.approx(values[:, 0].mean(), abs=0.12)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_null_worlds_are_rarely_associated(sizes: str, kind: str) -> None:
    """60 of 1,000 worlds: more than 8 of 60 false ones happen in one of 500 runs if the rate is 5 %."""
    assert false_association(sizes, kind, 80, worlds=60) <= 8 / 60


def test_images_taken_as_independent_are_associated_with_nothing_there() -> None:
    """What groups are for: the same worlds without them."""
    assert false_association("twenty", "constant", 80, worlds=20, ignore=True) >= 0.8


@pytest.mark.endurance
def test_intervals_cover_at_four_hundred_groups() -> None:
    """100 of 2,000 simulations."""
    assert coverage("mixed", "constant", 400, simulations=100) >= 0.88
