"""Asking for attributes by name: changes of known size, and the unrelated attribute that goes along most."""

import numpy as np
import pytest

from latent_audit.tasks.analyses.latent_space.conditional_generation import compute
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (
    Attribute("hat", "binary", ("no", "yes")),
    Attribute("height", "continuous"),
    Attribute("scarf", "binary", ("no", "yes")),
    Attribute("brim", "binary", ("no", "yes")),
)
COLUMNS: dict[str, tuple[int, ...]] = {"hat": (0,), "height": (1,), "scarf": (2,), "brim": (3,)}
IMAGES = 400


def values() -> np.ndarray:
    """Hat and scarf have nothing to do with each other; a brim goes with a hat."""
    rng = np.random.default_rng(0)
    hat, scarf = np.tile([0, 1, 0, 1], 100), np.tile([0, 0, 1, 1], 100)
    return np.stack([hat, rng.normal(size=IMAGES), scarf, hat], axis=1).astype(np.float64)


def ask(name: str, yes: bool) -> np.ndarray:
    """Asked for, a hat is seen with 0.5 more in three of four images; the scarf falls by 0.1, the brim rises by 0.4."""
    seen = np.full((IMAGES, 4), 0.2, np.float32)
    if yes:
        column = COLUMNS[name][0]
        seen[:, column] += np.tile([0.5, 0.5, 0.5, -0.1], 100)
        seen[:, 2] -= 0.1 if name == "hat" else 0.0
        seen[:, 3] += 0.4 if name == "hat" else 0.0
    return seen


def test_changes_and_what_goes_along() -> None:
    hat, scarf, brim = compute(
        ATTRIBUTES, values(), ask, COLUMNS, ["hat", "height", "scarf", "brim"], np.random.default_rng(1)
    )
    assert (hat.attribute, hat.change.value, hat.moved.value) == ("hat", pytest.approx(0.35), 0.75)
    assert hat.change.low is not None
    assert hat.change.high is not None
    assert hat.change.low < 0.35 < hat.change.high
    # The brim changes more, but it goes with hats in the data.
    assert hat.off_target == "scarf"
    assert hat.off_target_change is not None
    assert hat.off_target_change.value == pytest.approx(-0.1)
    assert (scarf.off_target, brim.off_target) == ("hat", "scarf")
    assert brim.off_target_change is not None
    assert brim.off_target_change.value == 0


def test_only_named_binary_attributes_are_asked_for() -> None:
    found = compute(ATTRIBUTES, values(), ask, COLUMNS, ["height", "scarf"], np.random.default_rng(1))
    assert [edit.attribute for edit in found] == ["scarf"]


def test_without_another_attribute_there_is_nothing_off_target() -> None:
    (alone,) = compute(ATTRIBUTES[:1], values()[:, :1], ask, COLUMNS, ["hat"], np.random.default_rng(1))
    assert (alone.off_target, alone.off_target_change) == (None, None)
