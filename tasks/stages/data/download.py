"""Download: the files of a data set, verified, in the store or in a mirror folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from latent_audit.tasks.datasets.errors import MissingFile
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.images.image_listing import list_images, on_disk
from latent_audit.tasks.datasets.own.extension import ExtensionDataSettings
from latent_audit.tasks.datasets.own.image_file import ImageFileSettings
from latent_audit.tasks.datasets.own.parquet_images import parquet_files
from latent_audit.tasks.datasets.public_data import PublicDataSettings
from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.tasks.downloads.fetch_errors import ChecksumMismatch
from latent_audit.tasks.downloads.fetching import fetch
from latent_audit.tasks.downloads.file_beginnings import refuse_other_kind
from latent_audit.tasks.downloads.resuming import Limits
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.work_item import Report
from latent_audit.tasks.settings.redaction import restored
from latent_audit.tasks.storage.artifacts import digest_of_file
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.tasks.storage.store import writing


def download(data: DataSettings, store: Path, progress: ProgressDisplay) -> DataFiles:
    """Returns the verified files of a data set, fetching what is not there yet.

    A mirror that is a folder is read in place. Raises FetchError, with each address tried and what to do.
    """
    if isinstance(data, FolderSettings):
        return _own_files(data)
    if isinstance(data, ImageFileSettings):
        return _own_file(data)
    if isinstance(data, ExtensionDataSettings):
        return DataFiles(store.absolute(), {"code": data.extension.digest()})
    folder = store / "downloads"
    if not isinstance(data, PublicDataSettings):  # drawn here, from no file
        return DataFiles(folder.absolute(), {})
    mirror = None if data.mirror is None else restored(data.mirror)
    digests: dict[str, str] = {}
    place, checked = folder, 0
    for file in data.files():
        limits = Limits(data.download_bytes, data.download_seconds)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            path = fetch(file, folder, mirror, _shown(file, progress), limits=limits)
        is_published = mirror is None or not file.mirror_may_differ
        if is_published and (file.md5 or file.sha256):
            checked += 1
        else:
            _refuse_other_kind(path, file, folder)
        digests[file.name] = digest_of_file(path)
        place = path.parents[len(Path(file.name).parts) - 1]
    progress.ended("downloading", f"{_counted(checked, len(digests))} in {place}")
    return DataFiles(place.absolute(), digests)


def _refuse_other_kind(path: Path, file: RemoteFile, store_folder: Path) -> None:
    """Refuses a file without a digest that is not of its kind; one fetched here is removed, to be tried again."""
    try:
        refuse_other_kind(path, file.note)
    except ChecksumMismatch:
        if path.is_relative_to(store_folder):
            path.unlink()
        raise


def _counted(checked: int, total: int) -> str:
    if checked == total:
        return f"{total} files verified"
    return f"{checked} of {total} files verified by their digests, the others taken as the mirror has them,"


def _own_files(data: FolderSettings) -> DataFiles:
    """Returns the digests of a user's table, if there is one, and, together, of the images in the folder."""
    for path, what in ((data.table, "table"), (data.folder, "folder")):
        if path is not None and not path.exists():
            raise MissingFile(f"data.{what} is {path}, and there is no such {what}")
    if data.table is not None and not data.table.is_file():
        raise MissingFile(f"data.table is {data.table}, which is no file: copy the table into one")
    if not data.folder.is_dir():
        raise MissingFile(f"data.folder is {data.folder}, which is no folder: name the one with the images")
    together = hashlib.sha256()
    # What is not read must not count: a hidden file of the system would have all models trained again.
    for name in list_images(data.folder).images:
        path = data.folder / on_disk(name)
        together.update(name.encode() + b"\0" + digest_of_file(path).encode())
    digests = {"images": together.hexdigest()}
    if data.table is not None:
        digests["table"] = digest_of_file(data.table)
    return DataFiles(data.folder.absolute(), digests)


def _own_file(data: ImageFileSettings) -> DataFiles:
    """Returns the digest of the file of images and labels, or of each parquet file in the folder."""
    if not data.path.exists():
        raise MissingFile(f"data.path is {data.path}, and there is no such file")
    files = parquet_files(data.path) if data.path.is_dir() else [data.path]
    if not all(file.is_file() for file in files):
        raise MissingFile(f"data.path is {data.path}, which is no plain file")
    return DataFiles(
        data.path.absolute().parent, {f"images {n}": digest_of_file(file) for n, file in enumerate(files)}
    )


def _shown(file: RemoteFile, progress: ProgressDisplay) -> Callable[[int, int | None], None]:
    def on_progress(done: int, total: int | None) -> None:
        progress.moved(Report(f"downloading {file.name}", done, total or done, {}))

    return on_progress
