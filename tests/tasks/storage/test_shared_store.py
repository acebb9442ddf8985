"""A store that machines share: what one finished the others find, whole and checked, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from latent_audit.tasks.errors import SettingsError, StoreError
from latent_audit.tasks.storage.shared_store import SharedStore
from latent_audit.tasks.storage.store import Store
from tests.ports import free_port


@pytest.fixture
def shared(tmp_path: Path) -> SharedStore:
    return SharedStore((tmp_path / "shared").as_uri())


@pytest.fixture
def here(tmp_path: Path, shared: SharedStore) -> Store:
    return Store(tmp_path / "here", shared)


@pytest.fixture
def there(tmp_path: Path, shared: SharedStore) -> Store:
    return Store(tmp_path / "there", shared)


def write_two(folder: Path) -> float:
    (folder / "inner").mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "inner" / "b.bin").write_bytes(b"\x00" * 5000)
    return 1.25


def unexpected(text: str) -> None:
    pytest.fail(f"unexpected warning: {text}")


def test_what_one_machine_finished_another_finds(here: Store, there: Store) -> None:
    assert there.find("stage", "key", unexpected) is None
    built = here.build("stage", "key", "run1", write_two)
    found = there.find("stage", "key", unexpected)
    assert found is not None
    assert (found.digest, found.seconds, found.origin, found.reused) == (built.digest, 1.25, "run1", True)
    assert (there.root / "stage" / "key" / "inner" / "b.bin").read_bytes() == b"\x00" * 5000
    assert sorted(path.name for path in (there.root / "stage").iterdir()) == ["key"]


def test_what_was_there_before_the_address_was_given_is_put_there(
    tmp_path: Path, here: Store, there: Store
) -> None:
    Store(tmp_path / "here").build("stage", "key", "run1", write_two)
    assert there.find("stage", "key", unexpected) is None
    assert here.find("stage", "key", unexpected) is not None
    assert there.find("stage", "key", unexpected) is not None


def test_a_stage_without_its_manifest_is_not_there(tmp_path: Path, here: Store, there: Store) -> None:
    here.build("stage", "key", "run1", write_two)
    (tmp_path / "shared" / "stage" / "key" / "manifest.json").unlink()  # a put that was killed
    assert there.find("stage", "key", unexpected) is None


def damage(folder: Path) -> None:
    (folder / "a.txt").write_text("onf")


def remove(folder: Path) -> None:
    (folder / "inner" / "b.bin").unlink()


@pytest.mark.parametrize("harm", [damage, remove])
def test_a_damaged_one_is_said_and_made_anew(
    harm: Callable[[Path], None], tmp_path: Path, here: Store, there: Store
) -> None:
    here.build("stage", "key", "run1", write_two)
    harm(tmp_path / "shared" / "stage" / "key")
    said: list[str] = []
    assert there.find("stage", "key", said.append) is None
    assert len(said) == 1
    assert said[0].startswith("stage: the result key in the shared store is damaged (")
    there.build("stage", "key", "run2", write_two)
    third = Store(tmp_path / "third", there.shared)
    assert third.find("stage", "key", unexpected) is not None


def test_a_damaged_copy_is_fetched_again(here: Store, there: Store) -> None:
    here.build("stage", "key", "run1", write_two)
    there.find("stage", "key", unexpected)
    damage(there.root / "stage" / "key")
    said: list[str] = []
    assert there.find("stage", "key", said.append) is not None
    assert [text.rpartition("; ")[2] for text in said] == ["the shared store is asked for it"]
    assert (there.root / "stage" / "key" / "a.txt").read_text() == "one"


@pytest.mark.parametrize("name", ["../../stolen", "/etc/stolen", "a/../../stolen", "..\\stolen"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path, here: Store, there: Store) -> None:
    here.build("stage", "key", "run1", write_two)
    manifest = tmp_path / "shared" / "stage" / "key" / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["files"][name] = facts["files"]["a.txt"]
    manifest.write_text(json.dumps(facts))
    with pytest.raises(StoreError, match="names a file outside its folder"):
        there.find("stage", "key", unexpected)
    assert not list(tmp_path.rglob("stolen"))


def test_an_unknown_kind_of_address_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"run\.shared_store is nowhere://bucket: .*nowhere"):
        SharedStore("nowhere://bucket")


def test_a_server_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "auditor")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(
        StoreError, match=r"^the shared store s3://audits cannot be read \(EndpointConnectionError: .*kept in"
    ):
        SharedStore("s3://audits").holds("stage", "key")
