import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_audit.tasks.analyses.statistics.folds import FOLDS
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.analyses.statistics.splits import split
from latent_audit.tasks.datasets.attributes import Attribute

SHAPE = Attribute("shape", "categorical", ("a", "b", "c"))
SIZE = Attribute("size", "continuous")


def values(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(3, size=n, p=[0.7, 0.2, 0.1]), rng.normal(size=n)], axis=1).astype(float)


@given(n=st.integers(2500, 5000), seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_no_image_is_in_two_parts_and_none_is_left_out(n, seed):
    made = split((SHAPE, SIZE), values(n), seed)
    rows = [made.rows(name) for name in PARTS]
    assert made.codes.dtype == np.int8
    assert sum(len(part) for part in rows) == n
    assert len(np.unique(np.concatenate(rows))) == n


def test_shares_and_strata_are_followed():
    made = split((SHAPE, SIZE), data := values(20_000), 3)
    assert [len(made.rows(name)) for name in PARTS] == pytest.approx([11_000, 3000, 3000, 3000], abs=5)
    for name in PARTS:
        part = data[made.rows(name)]
        assert np.bincount(part[:, 0].astype(int)) / len(part) == pytest.approx([0.7, 0.2, 0.1], abs=0.01)
        assert part[:, 1].mean() == pytest.approx(data[:, 1].mean(), abs=0.06)


def test_same_seed_same_parts_and_another_seed_others():
    first, again, other = (split((SHAPE, SIZE), values(3000), seed).codes for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_too_few_images_says_what_the_parts_need():
    needs = r"300 images are too few.*probe_fit and probe_test have \d+ and need 200"
    with pytest.raises(ValueError, match=needs) as error:
        split((SHAPE, SIZE), values(300), 0)
    enough = int(str(error.value).split("about ")[1].split(" ")[0])
    assert enough == 667
    assert "images are enough, or about 300 for a model that was trained elsewhere; add" in str(error.value)
    made = split((SHAPE, SIZE), values(enough + 10), 0)
    assert made.folds is not None
    assert (made.folds >= 0).sum() >= 200


def test_few_images_are_enough_where_no_model_is_trained():
    """Without images for training a model, the others share all; both probe parts are dealt into folds."""
    data = values(300)
    made = split((SHAPE, SIZE), data, 0, trains_models=False)
    assert made.used == ("classifier_train", "probe_fit", "probe_test")
    sizes = [len(made.rows(name)) for name in PARTS]
    assert sizes[0] == 0
    assert all(abs(size - 100) <= 1 for size in sizes[1:])
    assert made.folds is not None
    audited = made.folds >= 0
    assert np.array_equal(audited, made.codes >= 2)
    counts = np.bincount(made.folds[audited])
    assert len(counts) == FOLDS
    assert counts.max() - counts.min() <= 1
    # Each fold has its share of every class.
    shapes = [np.bincount(data[made.folds == fold, 0].astype(int), minlength=3) for fold in range(FOLDS)]
    assert np.ptp(shapes, axis=0).max() <= 2
    with pytest.raises(
        ValueError, match=r"200 images are too few for the parts of the audit.* about 300 images"
    ):
        split((SHAPE, SIZE), values(200), 0, trains_models=False)


def test_images_that_are_enough_have_no_folds():
    assert split((SHAPE, SIZE), values(2000), 0).folds is None


def test_all_images_of_a_group_are_in_one_fold():
    groups = np.arange(400) // 4
    made = split((SHAPE, SIZE), values(400), 0, groups=groups, trains_models=False)
    assert made.folds is not None
    for group in range(100):
        assert len(set(made.folds[groups == group])) == 1


def test_what_suffices_is_split_alike_whether_or_not_a_model_is_trained():
    trained, brought = (split((SHAPE, SIZE), values(2000), 0, trains_models=t) for t in (True, False))
    assert np.array_equal(trained.codes, brought.codes)
    assert trained.used == PARTS


def test_missing_share_is_refused():
    with pytest.raises(ValueError, match="positive number for each of model_train"):
        split((SHAPE,), values(300)[:, :1], 0, shares={"model_train": 1.0})
