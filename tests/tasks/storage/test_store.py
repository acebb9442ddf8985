"""The store: what comes back is what was written, whole or not at all; what cannot be written is said."""

import errno
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latent_audit.tasks.errors import NoSpaceLeft, StoreError
from latent_audit.tasks.storage.store import Store

MODULE = "latent_audit.tasks.storage.data_files"  # any small module of ours


def unexpected(text: str) -> None:
    pytest.fail(f"unexpected warning: {text}")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def write_two(folder: Path) -> float:
    (folder / "inner").mkdir()
    (folder / "a.txt").write_text("one")
    (folder / "inner" / "b.bin").write_bytes(b"\x00" * 5000)
    return 1.25


def everything(store: Store) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*"))


def test_what_was_built_is_found(store: Store) -> None:
    key = store.key("stage", MODULE, {"seed": 1})
    assert store.find("stage", key, unexpected) is None
    built = store.build("stage", key, "run1", write_two)
    found = store.find("stage", key, unexpected)
    assert found is not None
    assert (built.reused, found.reused) == (False, True)
    assert (found.digest, found.seconds, found.origin) == (built.digest, 1.25, "run1")
    assert (found.path / "inner" / "b.bin").read_bytes() == b"\x00" * 5000
    assert sorted(path.name for path in found.path.iterdir()) == ["a.txt", "inner", "manifest.json"]


def test_the_digest_is_of_files_and_not_of_time_or_origin(store: Store) -> None:
    def slower(folder: Path) -> float:
        return write_two(folder) + 100

    def other(folder: Path) -> float:
        write_two(folder)
        (folder / "a.txt").write_text("two")
        return 1.25

    digests = [store.build("stage", key, key, make).digest for key, make in
               (("one", write_two), ("two", slower), ("three", other))]  # fmt: skip
    assert digests[0] == digests[1] != digests[2]


def damage_content(folder: Path) -> None:
    (folder / "a.txt").write_text("onf")  # as long as before


def damage_length(folder: Path) -> None:
    (folder / "inner" / "b.bin").write_bytes(b"")


def remove_file(folder: Path) -> None:
    (folder / "inner" / "b.bin").unlink()


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def manifest_of(text: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "manifest.json").write_text(text)

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_content, "a.txt is not what was written"),
        (damage_length, "inner/b.bin is not what was written"),
        (remove_file, "inner/b.bin is missing"),
        (remove_manifest, "its manifest cannot be read"),
        *(
            (manifest_of(text), "its manifest cannot be read")
            for text in ("", '{"files": ', "null", '{"files": 3}', '{"files": {"a.txt": 3}}', '{"files": {}}')
        ),
    ],
)
def test_a_damaged_artifact_is_computed_again(
    store: Store, damage: Callable[[Path], None], said: str
) -> None:
    built = store.build("stage", "key", "run1", write_two)
    damage(built.path)
    warnings: list[str] = []
    assert store.find("stage", "key", warnings.append) is None
    assert warnings == [f"stage: the stored result key is damaged ({said}); it is computed again"]
    again = store.build("stage", "key", "run2", write_two)
    assert again.digest == built.digest
    assert store.find("stage", "key", unexpected) is not None
    assert [path.name for path in (store.root / "stage").iterdir()] == ["key"]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
def test_a_build_that_fails_leaves_nothing(store: Store, failure: BaseException) -> None:
    def breaks(folder: Path) -> float:
        write_two(folder)
        raise failure

    with pytest.raises(type(failure)):
        store.build("stage", "key", "run1", breaks)
    assert everything(store) == ["stage"]
    assert store.find("stage", "key", unexpected) is None


def test_a_killed_build_is_not_visible(store: Store) -> None:
    """No cleaning up runs in a process that is killed: what is left must not look finished."""
    script = (
        "import os, signal, sys; from pathlib import Path; from latent_audit.tasks.storage.store import Store\n"
        "def compute(folder):\n"
        "    (folder / 'a.txt').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "Store(Path(sys.argv[1])).build('stage', 'key', 'run', compute)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(store.root)], check=False)
    assert killed.returncode == -9
    assert not (store.root / "stage" / "key").exists()
    assert store.find("stage", "key", unexpected) is None
    assert store.build("stage", "key", "run", write_two).seconds == 1.25


def test_a_build_that_lost_the_race_takes_what_is_there(store: Store) -> None:
    def slow(folder: Path) -> float:
        store.build("stage", "key", "first", write_two)
        return write_two(folder)

    assert store.build("stage", "key", "second", slow).origin == "first"
    assert everything(store) == [
        "stage",
        "stage/key",
        "stage/key/a.txt",
        "stage/key/inner",
        "stage/key/inner/b.bin",
        "stage/key/manifest.json",
    ]


def test_threads_that_want_the_same_compute_it_once(store: Store) -> None:
    computed: list[int] = []
    warnings: list[str] = []
    begun = threading.Event()
    origins: list[str] = []

    def compute(folder: Path) -> float:
        computed.append(1)
        begun.set()
        waited.wait(5)
        return write_two(folder)

    waited = threading.Event()

    def warn(text: str) -> None:
        warnings.append(text)
        waited.set()

    def perform(name: str) -> None:
        with store.claim("stage", "key", warn):
            found = store.find("stage", "key", warn) or store.build("stage", "key", name, compute)
            origins.append(found.origin)

    first = threading.Thread(target=perform, args=("first",))
    second = threading.Thread(target=perform, args=("second",))
    first.start()
    assert begun.wait(5)
    second.start()
    first.join()
    second.join()
    assert len(computed) == 1
    assert origins == ["first", "first"]
    assert warnings == ["stage: another run is computing key; waiting for its result"]
    assert not list(store.root.rglob(".lock*"))


def test_a_claim_clears_what_a_killed_build_left(store: Store) -> None:
    left = store.root / "stage" / ".building-key-1234-abcd"
    damaged = store.root / "stage" / ".damaged-key-abcd"
    other = store.root / "stage" / ".building-other-1234-abcd"
    for folder in (left, damaged, other):
        folder.mkdir(parents=True)
        (folder / "half").write_text("half")
    with store.claim("stage", "key", unexpected):
        assert not left.exists()
        assert not damaged.exists()
    assert other.is_dir()  # its key may be claimed by a live run


def test_a_claim_is_held_by_one_alone_though_its_file_comes_and_goes(store: Store) -> None:
    """Who waited for a lock's file that was removed then must not hold it beside who made a new one."""
    inside: list[int] = []
    most: list[int] = []

    def claim_often() -> None:
        for _ in range(60):
            with store.claim("stage", "key", lambda text: None):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    threads = [threading.Thread(target=claim_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(most) == 360


def test_a_claim_is_freed_by_a_failure(store: Store) -> None:
    with pytest.raises(ValueError, match="no"), store.claim("stage", "key", unexpected):
        raise ValueError("no")
    with store.claim("stage", "key", unexpected):
        pass


def test_work_outlives_a_failure_and_is_forgotten_after_success(store: Store) -> None:
    work = store.work_folder("stage", "key")
    (work / "checkpoint").write_text("half way")
    assert (store.work_folder("stage", "key") / "checkpoint").read_text() == "half way"
    assert store.find("stage", "key", unexpected) is None
    store.forget_work("stage", "key")
    assert not work.exists()
    store.forget_work("stage", "key")


def test_a_moved_store_loses_nothing(store: Store, tmp_path: Path) -> None:
    key = store.key("stage", MODULE, {"seed": 1})
    built = store.build("stage", key, "run1", write_two)
    store.root.rename(tmp_path / "elsewhere")
    moved = Store(tmp_path / "elsewhere")
    assert moved.key("stage", MODULE, {"seed": 1}) == key
    found = moved.find("stage", key, unexpected)
    assert found is not None
    assert found.digest == built.digest


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said(store: Store, code: int) -> None:
    def full(folder: Path) -> float:
        (folder / "half").write_text("half")
        raise OSError(code, "full")

    with pytest.raises(
        NoSpaceLeft, match=r"the disk that holds .* is full: free some space and run the same"
    ):
        store.build("stage", "key", "run", full)
    assert everything(store) == ["stage"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 1000 bytes; the system's refusal is EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
def test_a_limit_on_file_sizes_is_said(store: Store) -> None:
    with pytest.raises(NoSpaceLeft, match="does not take files this large"):
        store.build("stage", "key", "run", write_two)
    assert everything(store) == ["stage"]


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_that_a_library_hides_is_said(store: Store) -> None:
    def hides(folder: Path) -> float:
        (folder / "a.bin").write_bytes(bytes(900))
        raise RuntimeError("unexpected pos 64 vs 0")  # as torch says it

    with pytest.raises(NoSpaceLeft, match="does not take files this large"):
        store.build("stage", "key", "run", hides)
    assert everything(store) == ["stage"]


def test_a_failure_beside_a_disk_with_room_stays_what_it_is(store: Store) -> None:
    def breaks(folder: Path) -> float:
        (folder / "a.bin").write_bytes(bytes(900))
        raise RuntimeError("unexpected pos 64 vs 0")

    with pytest.raises(RuntimeError, match="unexpected pos 64 vs 0"):
        store.build("stage", "key", "run", breaks)


def test_a_store_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(StoreError, match=r"cannot write .*file.*--run\.store and --run\.output"):
            Store(place)


def test_a_manifest_lists_every_file(store: Store) -> None:
    built = store.build("stage", "key", "run", write_two)
    manifest = json.loads((built.path / "manifest.json").read_text())
    assert {name: facts["bytes"] for name, facts in manifest["files"].items()} == {
        "a.txt": 3,
        "inner/b.bin": 5000,
    }
