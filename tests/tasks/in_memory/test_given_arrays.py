"""Images and attributes in the forms that programs hold them, and parts of an audit as functions of arrays."""

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import latent_audit
from latent_audit.tasks.datasets.errors import BadTable, DataError
from latent_audit.tasks.datasets.own.array_images import as_images
from latent_audit.tasks.errors import SettingsError, UsageError
from latent_audit.tasks.in_memory import functions
from latent_audit.tasks.in_memory.columns import as_attributes
from latent_audit.vae_models.errors import BadCheckpoint

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 3, 8, 10), dtype=np.uint8)


@pytest.mark.parametrize(
    "given",
    [
        PIXELS,
        PIXELS.transpose(0, 2, 3, 1),
        PIXELS / 255,
        (PIXELS / 255).astype(np.float32),
        PIXELS.astype(np.float64),
        PIXELS.astype(np.uint16) * 257,
        torch.from_numpy(PIXELS),
        torch.from_numpy(PIXELS).float().div(255).requires_grad_(),
        list(PIXELS.transpose(0, 2, 3, 1)),
    ],
    ids=lambda given: f"{type(given).__name__} {getattr(given, 'dtype', '')}",
)
def test_images_of_every_form_are_the_same(given: object) -> None:
    np.testing.assert_array_equal(as_images(given)[0], PIXELS)


def test_grey_images_bools_and_rounding() -> None:
    assert as_images(PIXELS[:, 0])[0].shape == (6, 1, 8, 10)
    assert set(np.unique(as_images(PIXELS[:, 0] > 100)[0])) == {0, 255}
    pixels, notes = as_images(np.full((3, 8, 8), 0.5))
    assert (pixels == 128).all()
    assert [note["key"] for note in notes] == ["note.rounded"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((3, 8)), r"must be an array \(n, h, w\).*got \(3, 8\)"),
        (np.zeros((3, 4, 8, 8)), "with 1 or 3 channels"),
        (np.zeros((0, 8, 8)), "there are no images"),
        (np.full((2, 8, 8), -1.0), "say with pixel_range"),
        (np.full((2, 8, 8), 300.0), "0 to 1 or in 0 to 255"),
        (np.full((2, 8, 8), np.nan), "NaN"),
        (np.array(["a"]), "must be numbers"),
        (np.zeros((2, 3, 8, 3)), "channels first or last"),
        ([np.zeros((8, 8)), np.zeros((9, 8))], "all images must have one shape"),
    ],
)
def test_other_arrays_are_refused(given: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        as_images(given)


def test_columns_are_typed_as_those_of_a_table() -> None:
    frame = pd.DataFrame(
        {
            "sex": ["f", "m", "f", "m"],
            "age": np.array([20.25, 31.5, 44.0, 18.125]),
            "lit": [True, False, True, True],
            "size": pd.Categorical(
                ["small", "large", "small", "middle"], ["small", "middle", "large"], ordered=True
            ),
            "angle": [0.0, 90.5, 180.0, 270.0],
        }
    )
    typed = as_attributes(frame, 4, {"angle": {"kind": "cyclic", "period": 360}})
    assert [(a.name, a.kind) for a in typed.attributes] == [
        ("sex", "binary"), ("age", "continuous"), ("lit", "binary"), ("size", "ordinal"), ("angle", "cyclic")
    ]  # fmt: skip
    np.testing.assert_array_equal(typed.values[:, 1], frame["age"])
    np.testing.assert_array_equal(typed.values[:, 3], [0, 2, 0, 1])
    mapping = as_attributes({"age": frame["age"].to_numpy()}, 4, {})
    np.testing.assert_array_equal(mapping.values[:, 0], frame["age"])
    array = as_attributes(np.stack([frame["age"], frame["angle"]], 1), 4, {})
    assert [a.name for a in array.attributes] == ["attribute 0", "attribute 1"]


def test_missing_values_are_kept() -> None:
    given = as_attributes({"size": [1.5, np.nan, 3.5, 4.25], "sex": ["f", None, "m", "f"]}, 4, {})
    assert [attribute.kind for attribute in given.attributes] == ["continuous", "binary"]
    np.testing.assert_array_equal(given.values, [[1.5, 0], [np.nan, np.nan], [3.5, 1], [4.25, 0]])


def test_columns_that_cannot_be_used_are_named() -> None:
    with pytest.raises(DataError, match="4 images and 3 rows"):
        as_attributes({"a": [1, 2, 3]}, 4, {})
    with pytest.raises(BadTable, match="'a' has 1 empty or not finite cells"):
        as_attributes({"a": [1.5, np.inf, 3.5]}, 3, {})
    with pytest.raises(BadTable, match="'a' has no value in any row"):
        as_attributes({"a": [np.nan] * 3}, 3, {})
    with pytest.raises(BadTable, match="holds times"):
        as_attributes(pd.DataFrame({"t": pd.date_range("2020-01-01", periods=3)}), 3, {})
    with pytest.raises(BadTable, match="two columns are named 'a'"):
        as_attributes(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), 2, {})
    with pytest.raises(DataError, match="one length"):
        as_attributes({"a": [1, 2], "b": [1]}, 2, {})


def test_the_examples_of_the_functions_are_true() -> None:
    results = doctest.testmod(functions)
    assert results.attempted >= 10
    assert results.failed == 0


def test_functions_are_public_and_take_codes_of_any_encoder() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=600)
    size = rng.normal(size=600)
    codes = torch.from_numpy(np.stack([kind + 0.1 * rng.normal(size=600), size], 1)[:, :, None])
    factors = pd.DataFrame({"kind": np.array(list("abc"))[kind], "size": size})
    table = latent_audit.association(codes, factors, permutations=200, bootstraps=100)
    best = table.sort_values("uncertainty").groupby("attribute").tail(1).set_index("attribute")["dimension"]
    assert best.to_dict() == {"kind": "z0", "size": "z1"}
    scored: dict[Any, Any] = latent_audit.scores(codes, factors, bootstraps=10).to_dict("index")
    assert scored["dci_extra_trees_disentanglement"]["value"] > 0.8
    assert scored["factor_vae_score"]["not_applicable"].startswith("needs a data set whose factors")


@pytest.mark.parametrize("form", ["npy", "csv", "parquet"])
def test_codes_and_labels_may_be_files(form: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes, kind = rng.normal(size=(300, 2)), np.array(["a", "b"])[rng.integers(2, size=300)]
    frame = pd.DataFrame(codes, columns=["first", "second"])
    path = tmp_path / f"codes.{form}"
    if form == "npy":
        np.save(path, codes)
    else:
        frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    pd.DataFrame({"kind": kind, "size": codes[:, 0]}).to_csv(tmp_path / "labels.csv", index=False)
    given: dict[str, Any] = {"permutations": 100, "bootstraps": 100}
    found = latent_audit.association(path, str(tmp_path / "labels.csv"), **given)
    expected = latent_audit.association(codes, {"kind": kind, "size": codes[:, 0]}, **given)
    pd.testing.assert_frame_equal(found, expected)


def test_files_that_hold_no_codes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("file,z\na.png,1\nb.png,2\n")
    with pytest.raises(BadTable, match="must hold numbers alone; these do not: file"):
        latent_audit.association(tmp_path / "codes.csv", {"a": [1, 2]})
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(BadTable, match="no plain array"):
        latent_audit.scores(tmp_path / "objects.npy", {"a": [1, 2]})
    with pytest.raises(DataError, match="there is no file of codes"):
        latent_audit.scores(tmp_path / "absent.npy", {"a": [1, 2]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dimensions": [5]}, "must be some of 0 to 1"),
        ({"target": "other"}, "there is no label 'other'"),
        ({"read": lambda codes: codes[:, :1]}, "read must return 2 columns"),
        ({"labels": np.zeros((3, 2))}, "a row for each of the 400 codes"),
        ({"codes": np.zeros((100, 2))}, "too few to swap"),
        ({"codes": np.full((400, 2), np.nan)}, "NaN"),
    ],
)
def test_swaps_that_cannot_be_meant_are_refused(change: dict[str, Any], said: str) -> None:
    codes = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    given: dict[str, Any] = {
        "codes": codes,
        "labels": codes,
        "read": lambda z: z,
        "dimensions": [0],
        "target": 0,
        **change,
    }
    if "codes" in change and "labels" not in change:
        given["labels"] = given["codes"]
    with pytest.raises(UsageError, match=said):
        latent_audit.interchange(**given, permutations=100, bootstraps=100)


def ending(error: BaseException) -> Any:
    def encode(images: Any) -> Any:
        raise error

    return encode


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"settings": [1]}, SettingsError, "settings must be a mapping of sections"),
        ({"seed": -1}, SettingsError, r"seed: .*\(got -1\)"),
        ({"pixel_range": (1, 0)}, SettingsError, "pixel_range: black must be less than white"),
        ({"returns": "means"}, SettingsError, "returns: Input should be 'moments', 'levels' or 'indices'"),
        ({"name": " "}, UsageError, "name must be a text, and not empty"),
        ({"trained_with_labels": "lit"}, UsageError, r"must be a list of names, as in \['lit'\]"),
        (
            {"attributes": {"lit": 3}},
            DataError,
            "every column must be a list with a value for each image; lit is none",
        ),
        ({"encode": ending(SystemExit(3))}, BadCheckpoint, "SystemExit: 3"),
        ({"encode": lambda images: images.flatten(1)[:, :2] * 1j}, BadCheckpoint, "gives complex numbers"),
        (
            {"encode": lambda images: images.flatten(1) - images.flatten(1).mean(0)},
            BadCheckpoint,
            "for one row alone",
        ),
    ],
)
def test_odd_arguments_are_refused_in_words_of_arguments(
    given: dict[str, Any], error: type[Exception], said: str
) -> None:
    images = np.random.default_rng(0).random((330, 8, 8))
    arguments = {
        "encode": lambda images: images.flatten(1),
        "images": images,
        "attributes": {"lit": [0, 1] * 165},
    }
    with pytest.raises(error, match=said):
        latent_audit.audit(**{**arguments, **given}, device="cpu", progress=False)
