"""A store of finished stages that several machines share: s3://bucket/folder, file:///mnt/share, ...

They lie there as in a machine's own store, <stage>/<key>/, manifest last; so what has a manifest is whole. Nothing is
locked: who comes second with a key brings the same bytes.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from latent_audit.tasks.errors import SettingsError, StoreError
from latent_audit.tasks.storage.extras import needs_extra

MANIFEST = "manifest.json"


class SharedStore:
    """A store of finished stages that several machines read and write.

    Args:
        address: any URL that fsspec knows. Credentials come from the environment, as that file system wants them.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        with needs_extra(address.partition("://")[0]):
            try:
                # Other machines write here too: what is listed once may be more the next time.
                self._files, self._root = fsspec.core.url_to_fs(address, use_listings_cache=False)
            except ValueError as error:
                raise SettingsError(f"run.shared_store is {address}: {error}") from error

    def holds(self, stage: str, key: str) -> bool:
        """Whether the store has a complete stage."""
        with self._reaching("read"):
            return bool(self._files.exists(self._place(stage, key, MANIFEST)))

    def put(self, stage: str, key: str, folder: Path) -> None:
        """Uploads a finished stage, unless the store has it."""
        if self.holds(stage, key):
            return
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        with self._reaching("written"):
            for name in [*manifest["files"], MANIFEST]:
                place = self._place(stage, key, name)
                self._files.makedirs(place.rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(folder / name), place)

    def fetch(self, stage: str, key: str, folder: Path) -> bool:
        """Downloads a stage into a folder, its manifest last; returns whether the store has it.

        The caller must check its digests.
        """
        with self._reaching("read"):
            try:
                text = self._files.cat_file(self._place(stage, key, MANIFEST))
            except FileNotFoundError:
                return False
            for name in _names(json.loads(text), f"{self.address}/{stage}/{key}"):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):  # the digests tell that it is missing
                    self._files.get_file(self._place(stage, key, name), str(target))
        (folder / MANIFEST).write_bytes(text)
        return True

    def forget(self, stage: str, key: str) -> None:
        """Removes a stage's manifest, so that the stage can be uploaded again."""
        with self._reaching("written"):
            self._files.rm_file(self._place(stage, key, MANIFEST))

    def _place(self, stage: str, key: str, name: str) -> str:
        return f"{self._root.rstrip('/')}/{stage}/{key}/{name}"

    @contextmanager
    def _reaching(self, what: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # each file system has errors of its own
            raise StoreError(
                f"the shared store {self.address} cannot be {what} ({type(error).__name__}: {error}). Finished stages "
                "are kept in run.store; run the same command again when it can be reached"
            ) from error


def _names(manifest: Mapping[str, Any], where: str) -> list[str]:
    """Returns the files that a manifest names; refuses names that lead out of the folder."""
    names = list(manifest["files"])
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
            raise StoreError(f"{where} names a file outside its folder: {name!r}; remove that stage there")
    return names
