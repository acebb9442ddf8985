"""Adding attributes and crossing boundaries, in a world whose latent space is known to the last digit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.latent_space.attribute_arithmetic import (
    add_attributes,
    attribute_vectors,
    conditional_vectors,
)
from latent_audit.tasks.analyses.latent_space.attribute_classes import (
    AttributeClass,
    Reader,
    classes_of,
    labels_of,
)
from latent_audit.tasks.analyses.latent_space.boundary_editing import (
    STEPS,
    conditional_direction,
    edit_across,
    fit_boundaries,
)
from latent_audit.tasks.analyses.latent_space.edit_outcome import edit_outcome_of
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (
    Attribute("tall", "binary", ("no", "yes")),
    Attribute("kind", "categorical", ("a", "b", "c")),
    Attribute("size", "continuous"),
    Attribute("turn", "cyclic", period=360.0),
)


def decode(latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The picture is the code: one pixel a dimension."""
    return latents[:, None, None, :]


def reader(columns: dict[str, tuple[int, ...]], respond: object) -> Reader:
    return Reader(respond, columns, dict.fromkeys(columns, (0.0, 1.0)))  # type: ignore[arg-type]  # a function of tests


def two_binary() -> tuple[tuple[AttributeClass, ...], Reader]:
    """Two attributes, each read from the sign of its own dimension."""
    attributes = tuple(Attribute(name, "binary", ("no", "yes")) for name in ("first", "second"))
    attribute_classes = classes_of(attributes, np.tile([[0.0], [1.0]], (1, 2)))
    return attribute_classes, reader(
        {"first": (0,), "second": (1,)}, lambda images: (images[:, 0, 0, :2] > 0).astype(np.float64)
    )


def correlated_codes(n: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Two labels that agree in 85 of 100 images; each moves its own dimension from -1 to 1."""
    rng = np.random.default_rng(seed)
    first = rng.random(n) < 0.5
    second = np.where(rng.random(n) < 0.85, first, ~first)
    labels = np.stack([first, second], axis=1)
    codes = np.where(labels, 1.0, -1.0) + 0.3 * rng.standard_normal((n, 2))
    return np.concatenate([codes, rng.standard_normal((n, 1))], axis=1).astype(np.float32), labels


def test_each_kind_of_attribute_has_two_answers() -> None:
    values = np.array([[0, 2, 1.0, 0.0], [1, 2, 2.0, 180.0], [1, 0, 4.0, 300.0]])
    attribute_classes = classes_of(ATTRIBUTES, values)
    assert [attribute_class.name for attribute_class in attribute_classes] == [
        "tall = yes", "kind = c", "size > 2", "turn within a quarter turn of 0"
    ]  # fmt: skip
    assert labels_of(attribute_classes, values).astype(int).tolist() == [
        [0, 1, 0, 1],
        [1, 1, 0, 0],
        [1, 0, 1, 1],
    ]
    responses = np.array([[0.2, 0.1, 0.1, 0.8, -1.0, 0.5, 0.1], [0.9, 0.5, 0.3, 0.2, 1.0, -0.5, 0.9]])
    columns = {"tall": (0,), "kind": (1, 2, 3), "size": (4,), "turn": (5, 6)}
    scales = {"tall": (0, 1), "kind": (0, 1), "size": (2.0, 0.5), "turn": (0, 1)}
    asked = Reader(lambda images: responses, columns, scales)
    assert asked.answers(np.zeros((2, 1)), attribute_classes).astype(int).tolist() == [
        [0, 1, 0, 1],
        [1, 0, 1, 0],
    ]


def test_a_value_that_most_images_share_still_parts_them() -> None:
    (attribute_class,) = classes_of((Attribute("size", "ordinal"),), np.array([[1.0], [2.0], [2.0], [2.0]]))
    assert attribute_class.of_values(np.array([1.0, 2.0])).tolist() == [False, True]


def test_holding_the_other_attribute_fixed_takes_out_what_goes_together() -> None:
    codes, labels = correlated_codes(4000)
    plain, conditional = attribute_vectors(codes, labels), conditional_vectors(codes, labels)
    # 85 of 100 agree: the plain difference carries 0.7 of the other attribute's effect of 2.
    assert plain[0] == pytest.approx([2.0, 1.4, 0.0], abs=0.1)
    assert conditional == pytest.approx(np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]), abs=0.1)


def test_adding_an_attribute_succeeds_and_leaves_the_other_alone_only_where_it_is_held_fixed() -> None:
    codes, labels = correlated_codes(1000)
    attribute_classes, judge = two_binary()
    found = add_attributes(
        codes, labels, codes[:200], attribute_classes, decode, judge, np.random.default_rng(0)
    )
    for item in found:
        assert item.plain is not None
        assert item.conditional is not None
        assert item.random is not None
        assert item.plain.others_kept is not None
        assert item.conditional.others_kept is not None
        assert item.conditional.success.value > 0.95
        assert item.conditional.success.low is not None
        assert item.conditional.success.low <= item.conditional.success.value
        assert item.conditional.others_kept.value > 0.95 > item.plain.others_kept.value
        assert item.random.success.value < item.conditional.success.value
        assert item.pictures.shape == (10, 1, 1, 3)
        assert item.reason is None
        assert item.cosine == pytest.approx(2 / np.hypot(2, 1.4), abs=0.05)


def test_images_that_have_it_already_prove_nothing() -> None:
    attribute_classes, judge = two_binary()
    codes = np.ones((40, 3), dtype=np.float32)
    assert (
        edit_outcome_of(codes, codes, 0, attribute_classes, decode, judge, np.random.default_rng(0)) is None
    )
    labels = np.stack([np.arange(40) % 2 == 0, np.ones(40, dtype=bool)], axis=1)
    first, second = add_attributes(
        codes, labels, codes, attribute_classes, decode, judge, np.random.default_rng(0)
    )
    assert first.reason is not None
    assert len(first.pictures) == 0
    assert second.plain is None  # every image has the second attribute: there is no mean without it


def test_a_boundary_parts_all_held_out_images_and_its_normal_is_known() -> None:
    codes, labels = correlated_codes(4000)
    found = fit_boundaries(codes[:2000], labels[:2000])
    assert np.linalg.norm(found.normals, axis=1) == pytest.approx([1.0, 1.0])
    assert found.normals[0, 0] > 0.95
    assert ((found.distances(codes[2000:]) > 0) == labels[2000:]).mean() > 0.98


def test_crossing_with_projection_leaves_the_other_distance_as_it_is() -> None:
    codes, labels = correlated_codes(2000)
    attribute_classes, judge = two_binary()
    edits = edit_across(
        codes[:1000],
        labels[:1000],
        codes[1000:],
        labels[1000:],
        codes[1000:1200],
        attribute_classes,
        decode,
        judge,
        np.random.default_rng(0),
    )
    for edit in edits:
        assert edit.accuracy is not None
        assert edit.accuracy.value > 0.97
        assert edit.accuracy.n == 1000
        assert edit.conditional is not None
        assert edit.conditional.others_kept is not None
        assert edit.conditional.success.value > 0.95
        assert edit.conditional.others_kept.value > 0.97
        assert edit.strip.shape == (len(STEPS), 1, 1, 3)


def test_an_attribute_with_one_answer_has_no_boundary_and_says_so() -> None:
    codes, labels = correlated_codes(400)
    labels[:, 1] = True
    attribute_classes, judge = two_binary()
    first, second = edit_across(
        codes,
        labels,
        codes,
        labels,
        codes[:50],
        attribute_classes,
        decode,
        judge,
        np.random.default_rng(0),
    )
    assert first.kept_share == pytest.approx(1.0)
    assert second.accuracy is None
    assert second.reason is not None
    assert "no linear boundary" in english(second.reason)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(5, 9))
def test_a_conditional_direction_meets_no_other_normal(seed: int, boundaries: int, dimensions: int) -> None:
    normals = np.random.default_rng(seed).standard_normal((boundaries, dimensions))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    direction = conditional_direction(normals, 0)
    assert normals[1:] @ direction == pytest.approx(np.zeros(boundaries - 1), abs=1e-9)
    assert 0 < np.linalg.norm(direction) <= 1 + 1e-12
    assert normals[0] @ direction == pytest.approx(direction @ direction)
