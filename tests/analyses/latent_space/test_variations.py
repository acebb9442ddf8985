"""Sums, noise and edits of codes, with a decoder whose picture is the code itself."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.attribute_classes import Reader, classes_of
from latent_audit.tasks.analyses.latent_space.variations import (
    DISTURBANCE,
    DRAWS,
    NOISE_LEVELS,
    STEPS,
    disturbed_sheet,
    edit_together,
    noisy_sheet,
    sum_strip,
    way_strip,
)
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.settings.on_request.variations import VariationSettings
from latent_audit.tasks.stages.inputs.prepared import Prepared


def decode(codes: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    assert len(codes) == len(rows)
    return np.clip(0.5 + codes / 10, 0, 1)[:, None, None, :]


def codes_in(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    return (pictures.reshape(len(pictures), -1) / 255 - 0.5) * 10


def test_a_sum_is_a_less_b_plus_c() -> None:
    first, less, more = np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([0.0, 3.0])
    found = codes_in(sum_strip(first, less, more, decode))
    expected = np.array([first, less, more, np.array([-1.0, 2.0])])
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_a_way_begins_and_ends_with_its_images() -> None:
    found = codes_in(way_strip(np.array([2.0, 0.0]), np.array([0.0, 2.0]), decode)).reshape(2, STEPS, 2)
    for way in found:
        np.testing.assert_allclose(way[[0, -1]], [[2, 0], [0, 2]], atol=0.03)
    np.testing.assert_allclose(found[0, STEPS // 2], [1, 1], atol=0.03)
    np.testing.assert_allclose(np.linalg.norm(found[1], axis=1), 2.0, atol=0.05)


def test_noise_grows_along_a_row_and_a_disturbance_is_shown_as_it_is() -> None:
    codes = np.zeros((3, 2), np.float32)
    spread = np.array([1.0, 2.0])
    sheet = codes_in(noisy_sheet(codes, spread, decode, np.random.default_rng(0)))
    rows = sheet.reshape(3, 1 + len(NOISE_LEVELS) * DRAWS, 2)
    np.testing.assert_allclose(rows[:, 0], 0, atol=0.03)
    sizes = [np.abs(rows[:, 1 + i * DRAWS : 1 + (i + 1) * DRAWS]).mean() for i in range(len(NOISE_LEVELS))]
    assert sizes == sorted(sizes)
    found = codes_in(disturbed_sheet(codes, spread, [1, 0], decode)).reshape(3, 3, 2)
    expected = np.array([[0.0, 0.0], [0.0, DISTURBANCE * 2], [DISTURBANCE, 0.0]])
    np.testing.assert_allclose(found[0], expected, atol=0.03)


def test_attributes_are_added_and_removed_together() -> None:
    """The classifier reads the sign of each number of the code; the data have the signs of both."""
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((400, 2)).astype(np.float32)
    attributes = [Attribute(name, "binary", classes=("no", "yes")) for name in ("left", "right")]
    values = (codes > 0).astype(np.float64)
    classes = classes_of(attributes, values)
    reader = Reader(
        lambda pictures: (codes_in((np.asarray(pictures) * 255).astype(np.float64)) > 0).astype(np.float64),
        {"left": (0,), "right": (1,)},
        {"left": (0.0, 1.0), "right": (0.0, 1.0)},
    )
    terms = ("+left", "-right")
    found = edit_together(terms, codes, codes > 0, codes[:200], classes, decode, reader, rng)
    assert found.terms == ("+ left = yes", "- right = yes")
    assert found.success is not None
    assert found.success.n == int(((codes[:200, 0] < 0) & (codes[:200, 1] > 0)).sum())
    assert found.success.value > 0.6
    assert len(found.each) == 2
    assert len(found.pictures) == 10
    few = edit_together(terms, codes, codes > 0, np.abs(codes[:50]), classes, decode, reader, rng)
    assert few.success is None
    assert few.reason is not None


def test_images_are_named_by_file_or_row_and_edits_by_signs() -> None:
    asked = VariationSettings(arithmetic=[[1, 2, "a.png"]], edits=[["+scale", "-shape"]])
    assert asked.arithmetic == (("1", "2", "a.png"),)
    assert asked.attributes == ("scale", "shape")
    with pytest.raises(ValueError, match="attributes with \\+ or - before them"):
        VariationSettings(edits=[["scale"]])
    data = Prepared(SimpleNamespace(file_names=("a.png", "b.png")), np.zeros(2, np.int8))  # type: ignore[arg-type]  # all that is read
    assert (data.row_of("b.png"), data.row_of("0")) == (1, 0)
    with pytest.raises(
        DataError, match=r"there is no image 'c\.png': name a file's name, or a row from 0 to 1"
    ):
        data.row_of("c.png")
