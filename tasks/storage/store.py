"""The store: finished stages on disk by content key.

artifacts/<stage>/<key>/ contains a stage's files and, written last, manifest.json with their digests. A folder
appears complete, by rename, or not at all. A key covers what the result depends on and nothing else: no paths,
run ids or times, so the store can be moved.
"""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latent_audit.tasks.errors import AuditError, NoSpaceLeft, StoreError
from latent_audit.tasks.storage.artifacts import Artifact, digest_of, digest_of_file
from latent_audit.tasks.storage.file_lock import wait_for_lock
from latent_audit.tasks.storage.shared_store import MANIFEST, SharedStore
from latent_audit.tasks.storage.source_digest import computed_by
from latent_audit.vocabulary.machine_errors import FULL_DISK

# What a disk must still take for a failure not to be put down to it.
MORE_BYTES = 1 << 20
CANNOT_WRITE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ELOOP),
    errno.ENAMETOOLONG,
}


class _Damaged(Exception):
    """The downloaded files do not match their manifest."""


class Store:
    """Finished stages in a folder, found by their content key.

    Args:
        root: the folder.
        shared: where other machines keep theirs: what is not here is looked for there, what is made is put there.
    """

    def __init__(self, root: Path, shared: SharedStore | None = None) -> None:
        self.root = root.absolute()
        self.shared = shared
        with writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)

    def key(self, stage: str, module: str, parts: Mapping[str, Any], code: Sequence[str] = ()) -> str:
        """Returns the content key of a stage.

        `module` computes it (its source and all it imports of ours count), `parts` are the settings, input
        digests, seeds and device class that it depends on: JSON values. `code` is what its inputs bring with them.
        """
        return digest_of(
            {
                "stage": stage,
                "parts": dict(parts),
                **computed_by(module, *code),
            }
        )[:32]

    def find(self, stage: str, key: str, warn: Callable[[str], None]) -> Artifact | None:
        """Returns the finished artifact, verified byte for byte, or None.

        A corrupt one is set aside, with a warning, so that it is computed again.
        """
        folder = self.root / stage / key
        if folder.is_dir():
            problem = damage_of(folder)
            if problem is None:
                self._share(stage, key)
                return read_artifact(folder, reused=True)
            then = "it is computed again" if self.shared is None else "the shared store is asked for it"
            warn(f"{stage}: the stored result {key} is damaged ({problem}); {then}")
            aside = folder.with_name(f".damaged-{key}-{uuid.uuid4().hex[:8]}")
            with writing(folder):
                # At once and whole: what stayed here in part would stand in the way of the new result.
                folder.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        if self.shared is None or not self._fetch(self.shared, stage, key, warn):
            return None
        return read_artifact(folder, reused=True)

    def build(self, stage: str, key: str, origin: str, compute: Callable[[Path], float]) -> Artifact:
        """Returns the artifact that `compute` makes by writing files into the folder it is given.

        `compute` returns the seconds it took. `origin` is the MLflow run it is computed for.
        """
        with self._building(stage, key) as building:
            seconds = _computed(compute, building)
            manifest = {
                "stage": stage,
                "key": key,
                "origin": origin,
                "seconds": round(seconds, 3),
                "files": {str(path.relative_to(building)): _facts(path) for path in _files(building)},
            }
            (building / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
        self._share(stage, key)
        return read_artifact(self.root / stage / key, reused=False)

    def _share(self, stage: str, key: str) -> None:
        if self.shared is not None:
            self.shared.put(stage, key, self.root / stage / key)

    def _fetch(self, shared: SharedStore, stage: str, key: str, warn: Callable[[str], None]) -> bool:
        """Copies a complete stage from the shared store, if it has one; returns whether it did."""
        if not shared.holds(stage, key):
            return False
        try:
            with self._building(stage, key) as building:
                shared.fetch(stage, key, building)
                problem = damage_of(building)
                if problem is not None:
                    raise _Damaged(problem)
        except _Damaged as damage:
            warn(f"{stage}: the result {key} in the shared store is damaged ({damage}); it is computed again")
            shared.forget(stage, key)
            return False
        return True

    @contextmanager
    def _building(self, stage: str, key: str) -> Iterator[Path]:
        """Yields a temporary folder that is renamed to the stage's own at the end, or removed after an error."""
        building = self.root / stage / f".building-{key}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with writing(building):
            building.mkdir(parents=True)
            try:
                yield building
                try:
                    building.rename(self.root / stage / key)
                except OSError as error:
                    # Another process finished the same key first: its result is as good as ours.
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def work_folder(self, stage: str, key: str) -> Path:
        """Returns a folder for checkpoints that remains after a killed process, until `forget_work` removes it."""
        folder = self.root / stage / f".work-{key}"
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def forget_work(self, stage: str, key: str) -> None:
        """Removes the checkpoints of a finished stage."""
        shutil.rmtree(self.root / stage / f".work-{key}", ignore_errors=True)

    @contextmanager
    def claim(self, stage: str, key: str, warn: Callable[[str], None]) -> Iterator[None]:
        """Holds a stage's lock while it is looked up and computed.

        A second run that wants the same stage waits and then reuses.
        """
        path = self.root / stage / f".lock-{key}"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = wait_for_lock(
                path, lambda: warn(f"{stage}: another run is computing {key}; waiting for its result")
            )
        with handle:
            for kind in ("building", "damaged"):  # left by one that was killed: the lock is ours now
                for left in path.parent.glob(f".{kind}-{key}-*"):
                    shutil.rmtree(left, ignore_errors=True)
            try:
                yield
            finally:
                path.unlink(missing_ok=True)


def read_artifact(folder: Path, *, reused: bool) -> Artifact:
    """Returns the artifact in the folder <stage>/<key> of a finished stage; its files are not looked at."""
    # The digest covers the files alone: how long they took must not change what depends on them.
    facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Artifact(
        folder.parent.name,
        folder.name,
        folder,
        digest_of(facts["files"]),
        facts["seconds"],
        reused,
        facts["origin"],
    )


def _computed(compute: Callable[[Path], float], building: Path) -> float:
    """Calls `compute` and returns its result; recognises a full disk in the errors of libraries."""
    try:
        return compute(building)
    except (OSError, AuditError):
        raise
    except Exception:
        # What was being written lies there still: a disk that took no more of it takes no more of it now.
        largest = max(_files(building), key=lambda path: path.stat().st_size, default=building / "file")
        with largest.open("ab", buffering=0) as file:
            left = MORE_BYTES
            while left:
                left -= file.write(bytes(left))
        raise


@contextmanager
def writing(path: Path, setting: str = "--run.store and --run.output") -> Iterator[None]:
    """Translates operating-system errors on writing below `path` into sentences."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            what = "does not take files this large" if error.errno == errno.EFBIG else "is full"
            raise NoSpaceLeft(
                f"the disk that holds {path} {what}: free some space and run the same command again; "
                "finished stages are kept"
            ) from error
        if error.errno in CANNOT_WRITE:
            raise StoreError(
                f"cannot write {error.filename or path} ({error.strerror}): give a folder you may write with "
                f"{setting}"
            ) from error
        raise


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def _facts(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": digest_of_file(path)}


def damage_of(folder: Path) -> str | None:
    """Returns what is wrong with the files of a finished stage, None where each is what was written."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {name: (facts["bytes"], facts["sha256"]) for name, facts in manifest["files"].items()}
        _ = manifest["seconds"] + 0.0, manifest["origin"]
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # whatever stands there instead
        return "its manifest cannot be read"
    for name, (size, digest) in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size or digest_of_file(path) != digest:
            return f"{name} is not what was written"
    return None
