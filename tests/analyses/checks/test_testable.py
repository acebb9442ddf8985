"""Which attributes are tested: those that vary in enough images of every part, whatever their type."""

import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.checks.testable import rare_classes, split_testable
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.analyses.statistics.splits import Split
from latent_audit.tasks.datasets.attributes import Attribute

BINARY = Attribute("glasses", "binary", ("no", "yes"))
WORDS = Attribute("hair", "categorical", ("red", "fair", "dark"))
GRADE = Attribute("grade", "ordinal")
# Four parts of 100 images each, one after another.
SPLIT = Split(np.repeat(np.arange(4, dtype=np.int8), 100))


def column(*rare: tuple[float, int]) -> np.ndarray:
    """Returns values of 400 images, 0 but for so many of each other value in every part."""
    part = np.zeros(100)
    start = 0
    for value, images in rare:
        part[start : start + images] = value
        start += images
    return np.tile(part, 4)


@pytest.mark.parametrize(
    ("images", "is_tested"), [(0, False), (3, False), (9, False), (10, True), (50, True), (91, False)]
)
def test_a_binary_attribute_needs_both_classes_in_every_part(images: int, is_tested: bool) -> None:
    kept, aside = split_testable([BINARY], column((1, images))[:, None], SPLIT, 10)
    assert (kept == [0]) == is_tested
    if not is_tested:
        rarest = min(images, 100 - images)
        assert aside[0].images == dict.fromkeys(PARTS, rarest)
        assert aside[0].rarest_class == ("yes" if images < 50 else "no")
        assert f"{rarest} in probe_test (needs 10 in every part)" in english(aside[0].reason)
        assert english(aside[0].reason).startswith(
            f"too few to test: class '{aside[0].rarest_class}' in {4 * rarest} images"
        )


def test_one_part_without_the_class_is_enough() -> None:
    values = column((1, 30))
    values[SPLIT.rows("probe_fit")] = 0
    kept, aside = split_testable([BINARY], values[:, None], SPLIT, 10)
    assert kept == []
    assert english(aside[0].reason).endswith("0 in probe_fit (needs 10 in every part)")
    assert dict(aside[0].images) == {**dict.fromkeys(PARTS, 30), "probe_fit": 0}


def test_two_classes_that_count_are_enough_and_the_rare_one_is_named() -> None:
    values = column((1, 40), (2, 2))[:, None]
    assert split_testable([WORDS], values, SPLIT, 10) == ([0], [])
    assert [english(reason) for reason in rare_classes([WORDS], values, SPLIT, 10)] == [
        "Class 'dark' of 'hair' has 2 images in the part model_train; results on a class are uncertain where a part "
        "has fewer than 10 images of it."
    ]
    kept, aside = split_testable([WORDS], column((1, 5), (2, 5))[:, None], SPLIT, 10)
    assert kept == []
    assert aside[0].images["probe_test"] == 5


@pytest.mark.parametrize(
    "attribute", [GRADE, Attribute("x", "continuous"), Attribute("a", "cyclic", period=360.0)]
)
def test_an_ordered_attribute_needs_images_that_differ_from_its_commonest_value(attribute: Attribute) -> None:
    assert split_testable([attribute], column((3, 4), (5, 6))[:, None], SPLIT, 10)[0] == [0]
    kept, aside = split_testable([attribute], column((3, 4), (5, 5))[:, None], SPLIT, 10)
    assert kept == []
    assert english(aside[0].reason).startswith(
        "too few to test: values other than the commonest in 36 images, 9 in model_train"
    )


def test_the_order_of_attributes_is_kept() -> None:
    values = np.stack([column((1, 3)), column((1, 30)), column((1, 40), (2, 2)), column()], 1)
    kept, aside = split_testable([BINARY, BINARY, WORDS, GRADE], values, SPLIT, 10)
    assert kept == [1, 2]
    assert [each.attribute.name for each in aside] == ["glasses", "grade"]
