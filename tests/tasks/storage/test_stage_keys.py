"""Content keys: whatever changes a result changes its key, and nothing else does."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.tasks.datasets.celeba import CelebaSettings
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.mnist import MnistSettings
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.execution.stage import Stage, key_part
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.registry import PREPARE, TRAIN_MODEL
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey, canonical, digest_of
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.tasks.storage.store import Store
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings

ARTIFACT = Artifact("prepare", "k1", Path("/one/place"), "d" * 64, 1.0, False, "run1")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def key(store: Store, stage: Stage, **inputs: object) -> str:
    return store.key(stage.name, stage.module, {name: key_part(value) for name, value in inputs.items()})


def test_every_input_changes_the_key(store: Store) -> None:
    inputs = {"prepared": ARTIFACT, "model": VaeSettings(), "seed": 0}
    others = {
        "prepared": Artifact("prepare", "k1", Path("/one/place"), "e" * 64, 1.0, False, "run1"),
        "model": BetaVaeSettings(),
        "seed": 1,
    }
    before = key(store, TRAIN_MODEL, **inputs)
    changed = [key(store, TRAIN_MODEL, **{**inputs, name: value}) for name, value in others.items()]
    changed.append(key(store, PREPARE, **inputs))
    assert len({before, *changed}) == 5
    assert key(store, TRAIN_MODEL, **inputs) == before
    assert len(before) == 32


def test_the_default_of_every_model_setting_is_in_the_key() -> None:
    part = key_part(BetaVaeSettings())
    assert set(part) == set(BetaVaeSettings.model_fields)
    assert set(part["training"]) == set(type(BetaVaeSettings().training).model_fields)
    assert key_part(BetaVaeSettings(beta=2)) != part


def test_an_artifact_stands_for_its_content_alone() -> None:
    moved = Artifact("other", "k2", Path("/another"), "d" * 64, 9.0, True, "run2")
    assert key_part(ARTIFACT) == key_part(moved) == {"artifact": "d" * 64}


def test_where_data_are_is_not_in_the_key() -> None:
    here = FolderSettings(
        folder=Path("/a"), table=Path("/a.csv"), types={"angle": {"kind": "cyclic", "period": 6}}
    )
    there = here.model_copy(update={"folder": Path("/b"), "table": Path("/b.csv")})
    assert key_part(here) == key_part(there)
    assert "/a" not in canonical(key_part(here))
    assert key_part(here) != key_part(here.model_copy(update={"image_size": 32}))
    for settings in (MnistSettings, CelebaSettings):
        assert (
            key_part(settings(mirror="/m")) == key_part(settings()) == key_part(settings(mirror="http://h"))
        )
    files = DataFiles(Path("/a"), {"table": "1", "images": "2"})
    assert key_part(files) == key_part(DataFiles(Path("/b"), dict(files.sha256)))
    assert key_part(files) != key_part(DataFiles(Path("/a"), {"table": "1", "images": "3"}))


def test_devices_of_one_class_share_a_key_and_folders_have_no_say(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "a"), Store(tmp_path / "b")]
    assert len({key(store, PREPARE, data=SpritesSettings(), seed=0) for store in stores}) == 1


def test_what_is_no_plain_value_is_refused() -> None:
    for value in (np.zeros(2), Path("/a"), object(), {"a": {1, 2}}, [lambda: 0]):
        with pytest.raises(
            TypeError, match="a stage's input must be settings, artifacts or plain values, got"
        ):
            key_part(value)


def test_kinds_of_inputs() -> None:
    @dataclass(frozen=True)
    class Pair:
        first: int
        second: tuple[float, ...]

    assert key_part(Pair(1, (0.5,))) == {"first": 1, "second": [0.5]}
    assert key_part([ModelKey("vae", 3)]) == [{"name": "vae", "seed": 3}]
    assert key_part({"a": None, "b": {"c": True}}) == {"a": None, "b": {"c": True}}
    assert key_part(Settings().evidence)["thresholds"]["significance"] == 0.05


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(PLAIN, PLAIN)
def test_equal_values_and_only_they_have_equal_digests(first: object, second: object) -> None:
    same = canonical(key_part(first)) == canonical(key_part(second))
    assert (digest_of(key_part(first)) == digest_of(key_part(second))) == same
    assert key_part(first) == first


def test_order_of_names_does_not_matter_but_order_of_values_does() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of([1, 2]) != digest_of([2, 1])
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of({"a": float("nan")})
