"""Samples of rows: random whatever the order of the rows, of the size asked for, with every class if need be."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from latent_audit.tasks.analyses.statistics.content_order import content_order
from latent_audit.tasks.analyses.statistics.sample_rows import class_columns, draw_rows, hold_out
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.batches import batches


def test_every_row_is_as_likely_as_any_other() -> None:
    drawn = np.bincount(
        np.concatenate([draw_rows(40, 10, seed, "test") for seed in range(2000)]), minlength=40
    )
    # 500 expected, standard deviation 19.4
    assert drawn.sum() == 20_000
    assert np.abs(drawn - 500).max() < 5 * 19.4


def test_a_sample_is_determined_by_seed_and_purpose() -> None:
    first = draw_rows(1000, 30, 0, "probes")
    assert first.tolist() == draw_rows(1000, 30, 0, "probes").tolist()
    assert (np.diff(first) > 0).all()
    assert first.tolist() != draw_rows(1000, 30, 1, "probes").tolist()
    assert first.tolist() != draw_rows(1000, 30, 0, "gate").tolist()


def test_all_rows_are_returned_where_there_are_no_more() -> None:
    assert draw_rows(5, 5, 0, "test").tolist() == draw_rows(5, 9, 0, "test").tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="at least one row, got 0 for gate"):
        draw_rows(5, 0, 0, "gate")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(1, 60))
def test_a_stratified_sample_keeps_every_groups_share_to_within_one(strata: list[int], count: int) -> None:
    codes = np.asarray(strata)
    rows = draw_rows(len(codes), count, 0, "test", strata=codes)
    assert len(rows) == min(count, len(codes))
    assert (np.diff(rows) > 0).all()
    for code in np.unique(codes):
        exact = (codes == code).sum() * len(rows) / len(codes)
        assert abs((codes[rows] == code).sum() - exact) < 1.0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(12, 40))
def test_every_class_of_every_column_is_in_a_sample_that_can_hold_them(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    classes = np.zeros((300, 3))
    classes[rng.choice(300, 2, replace=False), 0] = 1  # two of 300 rows
    classes[:, 1] = np.sort(rng.integers(5, size=300))  # in order
    classes[rng.integers(300), 2] = 7  # one row
    rows = draw_rows(300, count, seed, "test", classes=classes)
    assert len(rows) == count
    for column in classes.T:
        assert set(column[rows]) == set(column)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.1, 0.5]))
@example(379, 0.5)  # one of the two rows of a class is the only row of another
def test_what_is_held_out_leaves_every_class_behind(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    classes = np.zeros((200, 2))
    classes[rng.choice(200, 2, replace=False), 0] = 1
    classes[:, 1] = np.sort(rng.integers(3, size=200))
    classes[rng.integers(200), 1] = 9
    kept, held = hold_out(200, share, seed, "test", classes)
    assert len(held) == int(share * 200)
    assert np.array_equal(np.sort(np.concatenate([kept, held])), np.arange(200))
    for column in classes.T:
        labels, sizes = np.unique(column, return_counts=True)
        assert set(column[kept]) == set(labels)
        assert set(column[held]) == set(labels[sizes > 1])


def test_a_small_sample_that_cannot_hold_every_class_has_its_size_all_the_same() -> None:
    rows = draw_rows(100, 3, 0, "test", classes=np.arange(100.0)[:, None])
    assert len(rows) == 3


def test_one_row_cannot_be_held_out() -> None:
    kept, held = hold_out(2, 0.01, 0, "test")
    assert (len(kept), len(held)) == (1, 1)
    with pytest.raises(ValueError, match="at least two rows"):
        hold_out(1, 0.5, 0, "test")


def test_only_attributes_with_classes_have_class_columns() -> None:
    attributes = (
        Attribute("smile", "binary", ("no", "yes")),
        Attribute("age", "continuous"),
        Attribute("shape", "categorical", ("a", "b")),
    )
    values = np.array([[0.0, 31.0, 1.0], [1.0, 45.0, 0.0]])
    found = class_columns(attributes, values)
    assert found is not None
    assert found.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert class_columns(attributes[1:2], values[:, 1:2]) is None


def test_batches_cover_all_rows_once() -> None:
    assert [np.arange(7)[some].tolist() for some in batches(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batches(0, 3)) == []


def test_the_order_of_images_is_theirs_and_not_their_places() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (500, 1, 4, 4), dtype=np.uint8)
    images[100:120] = images[0]  # told apart by their values alone
    values, masks = rng.random((500, 2)), rng.random((500, 4, 4)) < 0.5
    moved = rng.permutation(500)
    order, other = (
        content_order(images, values, masks, 3),
        content_order(images[moved], values[moved], masks[moved], 3),
    )
    assert order.tolist() == moved[other].tolist()
    assert sorted(order.tolist()) == list(range(500))
    assert abs(np.corrcoef(order, np.arange(500))[0, 1]) < 0.2
    assert order.tolist() != content_order(images, values, masks, 4).tolist()
    assert len(content_order(images, values, None, 3)) == 500
