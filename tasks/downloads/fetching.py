"""Downloads one public file into the data folder: from a mirror or its public addresses, resumed after an
interruption, checked against its digest, and renamed into place. Errors are in fetch_errors.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx

from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.tasks.downloads.fetch_errors import (
    ChecksumMismatch,
    FetchError,
    MissingInMirror,
    TooManyBytes,
    Unreachable,
    UnusableMirror,
    Unwritable,
)
from latent_audit.tasks.downloads.resuming import (
    AddressFailed,
    Expected,
    Limits,
    OnProgress,
    download,
)
from latent_audit.tasks.storage.file_lock import wait_for_lock

_TIMEOUT = httpx.Timeout(connect=15.0, read=60.0, write=60.0, pool=15.0)
_LONGEST_SHOWN = 300
_NOTICING_SECONDS = 2.0
_ADVICE = "set --data.mirror to a folder or base URL that has it"


def fetch(
    file: RemoteFile,
    folder: Path,
    mirror: str | None = None,
    on_progress: OnProgress | None = None,
    timeout: httpx.Timeout = _TIMEOUT,
    limits: Limits | None = None,
) -> Path:
    """Returns the path of the verified file: in the mirror folder itself, or `folder / file.name`.

    If a mirror is given, it is the only source: a folder is used in place, a base URL gets the file's
    name appended. Otherwise the public addresses are tried in order. An existing file with the right
    digest is used; an interrupted download is resumed from `<name>.part`. Raises FetchError.
    """
    expected = Expected(file.md5, file.sha256, file.bytes)
    if mirror is not None:
        if file.mirror_may_differ:
            expected = Expected(None, None, None)
        if not mirror.lower().startswith(("http://", "https://")):
            return _in_mirror_folder(file, mirror, expected)
        addresses: tuple[str, ...] = (f"{mirror.rstrip('/')}/{quote(file.name)}",)
    else:
        addresses = file.urls
    target = folder / file.name
    if target.is_file() and expected.difference(target) is None:
        return target
    _make_folder(target.parent)
    with _alone(target):
        # Whoever held the lock before may have brought the very file.
        if not (target.is_file() and expected.difference(target) is None):
            _from_addresses(file, addresses, expected, target, on_progress, timeout, limits or Limits())
    return target


def _in_mirror_folder(file: RemoteFile, mirror: str, expected: Expected) -> Path:
    if "://" in mirror:
        raise UnusableMirror(
            f"the mirror {_short(mirror)} is neither a folder nor an http:// or https:// address"
        )
    try:
        home = Path(mirror).expanduser()
        exists = home.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # too long; of an unknown user; with a zero byte
        raise UnusableMirror(
            f"the mirror {_short(mirror)} cannot be a folder: {_short(str(error))}"
        ) from error
    if not exists:
        raise UnusableMirror(
            f"the mirror {_short(mirror)} is not a folder that exists, nor an http:// or https:// address"
        )
    path = home / file.name
    if not path.is_file():
        raise MissingInMirror(
            f"the mirror {home} has no {file.name}; expected it at {path}. {file.note}".strip()
        )
    difference = expected.difference(path)
    if difference is not None:
        raise ChecksumMismatch(
            f"{path} is not the published file: {difference}; replace it with a sound copy"
        )
    return path


def _from_addresses(
    file: RemoteFile,
    addresses: tuple[str, ...],
    expected: Expected,
    target: Path,
    on_progress: OnProgress | None,
    timeout: httpx.Timeout,
    limits: Limits,
) -> None:
    failures: list[tuple[str, Exception]] = []
    # Bytes must come as they are published: a gzip file must not be unpacked on the way.
    headers = {"Accept-Encoding": "identity"}
    with httpx.Client(follow_redirects=True, timeout=timeout, headers=headers) as client:
        for address in addresses:
            try:
                get = partial(download, client, address, target, expected, on_progress, limits)
                _within(get, limits)
                return
            except (AddressFailed, ChecksumMismatch, TooManyBytes) as error:
                failures.append((address, error))
    tried = "\n".join(f"  - {address[:_LONGEST_SHOWN]}: {error}" for address, error in failures)
    kinds = {type(error) for _, error in failures}
    kind: type[FetchError] = Unreachable
    if kinds == {ChecksumMismatch}:
        kind = ChecksumMismatch
    elif kinds == {TooManyBytes}:
        kind = TooManyBytes
    raise kind(f"{file.name} could not be fetched from\n{tried}\nTo go on, {_ADVICE}. {file.note}".strip())


def _within(get: Callable[[], None], limits: Limits) -> None:
    """Calls a function and raises its errors; abandons it if it exceeds the time limit.

    It notices with every piece of the file. A host that sends its headers one sign at a time is left in its thread.
    """
    failed: list[BaseException] = []

    def run() -> None:
        try:
            get()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="download", daemon=True)
    thread.start()
    thread.join(max(limits.seconds_left(), 0.0) + _NOTICING_SECONDS)
    if failed:
        raise failed[0]
    if thread.is_alive():
        limits.refuse_late()


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Holds the lock of one file, so that two processes do not write to the same partial download."""
    lock = target.with_name(f".{target.name}.lock")
    try:
        handle = wait_for_lock(lock, lambda: None)
    except OSError as error:
        raise Unwritable(f"{lock} cannot be written ({error.strerror})") from error
    with handle:
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"the data folder {folder} cannot be made ({error.strerror})") from error
