"""Claims that this version makes and should not: each becomes an ordinary test when the evidence weighs it."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.checks import association
from latent_audit.tasks.analyses.checks.association import Association
from latent_audit.tasks.datasets.attributes import Attribute

WHERE = "issue: Where an attribute lives: dimension, direction, block, or nowhere"


def associated(
    codes: np.ndarray, values: np.ndarray, attribute: Attribute, seed: int, **given: object
) -> Association:
    half = len(codes) // 2
    parts = (codes[:half], values[:half, None], codes[half:], values[half:, None])
    return association.compute((attribute,), *parts, seed, 200, 50, **given)  # type: ignore[arg-type]  # words of a later version


@pytest.mark.xfail(strict=True, raises=TypeError, reason=WHERE)
def test_an_attribute_of_few_subjects_is_tested_over_subjects() -> None:
    """20 subjects with 100 images each; codes and attribute depend on the subject, and not on each other."""
    significant = 0
    for world in range(10):
        rng = np.random.default_rng(world)
        subject = rng.permutation(np.repeat(np.arange(20), 100))
        codes = rng.standard_normal((20, 3))[subject] + 0.3 * rng.standard_normal((2000, 3))
        sex = rng.permutation([0.0, 1.0] * 10)[subject]
        found = associated(codes, sex, Attribute("sex", "binary", classes=("f", "m")), world, groups=subject)
        significant += bool((found.p_adjusted <= 0.05).any())
    assert significant <= 2


@pytest.mark.xfail(strict=True, raises=TypeError, reason=WHERE)
def test_a_dimension_that_the_decoder_does_not_use_is_not_claimed() -> None:
    """The attribute lies in the direction z0 + z1; z2 repeats it without any use, at a KL near 0."""
    rng = np.random.default_rng(0)
    used = rng.standard_normal((2000, 2))
    values = used.sum(axis=1)
    codes = np.column_stack([used, 1e-3 * values])
    found = associated(codes, values, Attribute("posX", "continuous"), 0, used=np.array([True, True, False]))
    assert int(found.fit_uncertainty[0].argmax()) != 2
