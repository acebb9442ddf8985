"""Prepared data of few images, as the stages of the evidence read them."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.analyses.statistics.splits import Split, split
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.stages.inputs.codes import Codes
from latent_audit.tasks.stages.inputs.part_notes import part_notes
from latent_audit.tasks.stages.inputs.prepared import Prepared

IMAGES = 320


@pytest.fixture
def prepared() -> tuple[Prepared, Split]:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((IMAGES, 1))
    images = rng.integers(0, 256, (IMAGES, 1, 8, 8)).astype(np.uint8)
    attribute = Attribute("size", "continuous")
    made = split([attribute], values, 0, trains_models=False)
    data = ImageSet("few", images, (attribute,), values, "random", "a test", "none")
    return Prepared(data, made.codes, rng.permutation(IMAGES), made.folds), made


def test_both_probe_parts_are_all_audited_images(prepared: tuple[Prepared, Split]) -> None:
    data, made = prepared
    halves = [data.rows(part) for part in PROBE_PARTS]
    assert not set(halves[0]) & set(halves[1])
    audited = data.audited()
    fit, test = (audited.rows(part) for part in PROBE_PARTS)
    np.testing.assert_array_equal(fit, test)
    assert set(fit) == set(halves[0]) | set(halves[1])
    assert made.folds is not None
    np.testing.assert_array_equal(audited.audited_folds, made.folds[fit])
    # The other part is as it was.
    np.testing.assert_array_equal(audited.rows("classifier_train"), data.rows("classifier_train"))
    np.testing.assert_array_equal(audited.values("probe_fit"), data.data.values[fit])


def test_codes_go_with_their_images(prepared: tuple[Prepared, Split]) -> None:
    data, _ = prepared
    audited = data.audited()

    def numbered(part: str) -> np.ndarray:
        return data.rows(part)[:, None].astype(np.float32)

    by_part = {part: numbered(part) for part in PROBE_PARTS}
    codes = Codes(by_part, {"pca": by_part}, ("z0",), (0,))
    whole = codes.of_probe_parts(audited)
    np.testing.assert_array_equal(whole.test[:, 0], audited.rows("probe_test"))
    np.testing.assert_array_equal(codes.of_control("pca", audited).fit[:, 0], audited.rows("probe_fit"))
    assert codes.of_probe_parts(data).folds is None
    # Each image gets another one's code, in both parts the same one.
    shuffled = whole.shuffled(0)
    np.testing.assert_array_equal(shuffled.fit, shuffled.test)
    np.testing.assert_array_equal(np.sort(shuffled.test[:, 0]), np.sort(whole.test[:, 0]))
    assert (shuffled.test != whole.test).mean() > 0.9


def test_enough_images_are_taken_as_they_are() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((2000, 1))
    made = split([Attribute("size", "continuous")], values, 0)
    data = ImageSet(
        "enough",
        np.zeros((2000, 1, 8, 8), np.uint8),
        (Attribute("size", "continuous"),),
        values,
        "zeros",
        "a test",
        "none",
    )
    prepared = Prepared(data, made.codes, None, made.folds)
    assert prepared.audited() is prepared


def test_the_notes_name_folds_and_near_duplicates_across_them(prepared: tuple[Prepared, Split]) -> None:
    data, made = prepared
    assert made.folds is not None
    first, second = (np.flatnonzero(made.folds == fold)[0] for fold in (0, 1))
    same_part = [row for row in np.flatnonzero(made.folds == 1) if made.codes[row] == made.codes[first]]
    second = same_part[0] if same_part else second
    data.data.images[second] = data.data.images[first]
    keys = [note["key"] for note in part_notes(data.data, made, 1000, 0)]
    assert keys == ["testable.folds", "note.no_model_train", "note.near_duplicates"]
