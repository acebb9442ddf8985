import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.analyses.statistics.splits import DEFAULT_MINIMUM, split
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


def test_too_few_images_says_what_each_part_needs():
    with pytest.raises(ValueError, match=r"300 images are too few.*probe_fit has \d+ and needs 240") as error:
        split((SHAPE, SIZE), values(300), 0)
    enough = int(str(error.value).split("about ")[1].split(" ")[0])
    made = split((SHAPE, SIZE), values(enough + 10), 0)
    assert all(len(made.rows(name)) >= DEFAULT_MINIMUM[name] for name in PARTS)


def test_missing_share_is_refused():
    with pytest.raises(ValueError, match="positive number for each of model_train"):
        split((SHAPE,), values(300)[:, :1], 0, shares={"model_train": 1.0})
