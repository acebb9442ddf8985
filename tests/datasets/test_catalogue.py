"""The catalogue: every kind of settings finds its data set, and every setting says what it is."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from latent_audit.tasks.datasets import registry
from latent_audit.tasks.datasets.errors import BadTable, DataError, MissingFile
from latent_audit.tasks.datasets.images.choosing import choose_rows, halve, take_from_blocks
from latent_audit.tasks.datasets.remote_file import RemoteFile

ADAPTER: TypeAdapter[Any] = TypeAdapter(registry.DataSettings)


def of_kind(kind: str, folder: Path) -> Any:
    own: dict[str, dict[str, Any]] = {
        "folder": {"folder": folder / "none", "table": folder / "none.csv"},
        "file": {"path": folder / "none.npz"},
        "extension": {"entrypoint": "none-of-a-test"},
    }
    return ADAPTER.validate_python({"kind": kind, **own.get(kind, {})})


KINDS = tuple(settings.model_fields["kind"].default for settings in registry.ALL_SETTINGS)


def test_kinds_are_in_documented_order() -> None:
    assert KINDS == (
        "sprites", "mnist", "fashion_mnist", "celeba", "dsprites", "shapes3d", "painted_sprites", "folder", "file",
        "extension",
    )  # fmt: skip


@pytest.mark.parametrize("settings", registry.ALL_SETTINGS)
def test_settings_are_frozen_closed_and_described(settings: type[BaseModel]) -> None:
    assert settings.model_config["frozen"]
    assert settings.model_config["extra"] == "forbid"
    assert all(field.description for field in settings.model_fields.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.endswith("sprites")])
def test_absent_data_are_a_sentence(kind: str, tmp_path: Path) -> None:
    settings = of_kind(kind, tmp_path)
    with pytest.raises(
        MissingFile, match=r"there is no (such )?(table|file)|is not there|no installed package"
    ):
        settings.load(tmp_path, tmp_path, 0)
    for file in settings.files():
        assert file.name.startswith(f"{kind}/")
        assert file.md5 is not None
        assert all(url.startswith(("https://", "http://")) for url in file.urls)


def test_sprites_load_through_the_catalogue(tmp_path: Path) -> None:
    settings = ADAPTER.validate_python({"kind": "sprites", "images": 20})
    seen: list[tuple[int, int]] = []
    assert len(settings.load(tmp_path, tmp_path, 0, lambda *s: seen.append(s)).images) == 20
    assert seen == [(20, 20)]
    assert settings.files() == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_mirror_belongs_to_data_that_are_fetched(kind: str, tmp_path: Path) -> None:
    plain = of_kind(kind, tmp_path)
    given = {**plain.model_dump(), "mirror": "http://127.0.0.1:8000"}
    if plain.files():
        assert ADAPTER.validate_python(given).mirror == "http://127.0.0.1:8000"
        assert ADAPTER.validate_python(given).files() == plain.files()
    else:
        with pytest.raises(ValidationError, match="mirror"):
            ADAPTER.validate_python(given)


def test_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="'sprites', 'mnist', 'fashion_mnist', 'celeba'"):
        ADAPTER.validate_python({"kind": "imagenet"})


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a\\b", "", "a/", "a b", "a/..", "C:x"])
def test_remote_names_stay_in_the_data_folder(name: str) -> None:
    with pytest.raises(ValueError, match="stays in the data folder"):
        RemoteFile(name, ())


def test_digests_look_like_digests() -> None:
    with pytest.raises(ValueError, match="md5 is 32 lower-case hex digits"):
        RemoteFile("a", (), md5="ABC")
    with pytest.raises(ValueError, match="sha256 is 64"):
        RemoteFile("a", (), sha256="0" * 63)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 13), st.integers(0, 9))
def test_blocks_land_in_the_rows_that_were_chosen(available: int, wanted: int, block: int, seed: int) -> None:
    source = np.arange(available, dtype=np.uint8)[:, None, None, None]
    rows = choose_rows(available, min(wanted, available), seed, "x")
    images = np.zeros((len(rows), 1, 1, 1), np.uint8)
    blocks = (source[k : k + block] for k in range(0, available, block))
    take_from_blocks(blocks, rows, images, lambda part: part, None)
    np.testing.assert_array_equal(images.ravel(), rows)


def test_halving_rounds_to_the_nearest() -> None:
    image = np.array([[0, 1, 255, 255], [0, 1, 255, 254]], np.uint8)
    np.testing.assert_array_equal(halve(image), [[1, 255]])


def test_every_error_is_a_data_error_and_survives_a_copy() -> None:
    problem = BadTable("cannot be used:", ("a", "b"))
    copied = copy.deepcopy(problem)  # rebuilt from its arguments, as between processes
    assert isinstance(copied, DataError)
    assert str(copied) == "cannot be used:\n  - a\n  - b"
    assert copied.problems == ("a", "b")
