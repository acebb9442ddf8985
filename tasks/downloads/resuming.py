"""Downloads a file from one address: resumes a partial download, checks it, renames it into place."""

import errno
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from latent_audit.tasks.downloads.fetch_errors import (
    ChecksumMismatch,
    NotEnoughSpace,
    TooManyBytes,
    Unwritable,
)

OnProgress = Callable[[int, int | None], None]  # bytes here so far, bytes in all where known

_CUTS_FORGIVEN = 4  # connections in a row that broke after giving something, before an address is given up


class AddressFailed(Exception):
    """One address failed; the next may work."""


class _ConnectionCut(Exception):
    """The connection was cut; the received bytes are kept."""


@dataclass(frozen=True)
class Limits:
    """Limits of one file: bytes, if its size is not known beforehand, and seconds over all addresses.

    Args:
        bytes: the setting data.download_bytes.
        seconds: the setting data.download_seconds.
        began: when it started, in seconds of the monotonic clock.
    """

    bytes: int = 4 << 30
    seconds: float = 6 * 3600.0
    began: float = field(default_factory=time.monotonic)

    def seconds_left(self) -> float:
        """Returns the seconds until the time limit; negative after it."""
        return self.began + self.seconds - time.monotonic()

    def refuse_late(self) -> None:
        """Raises AddressFailed after the time limit."""
        if self.seconds_left() < 0:
            raise AddressFailed(
                f"it took longer than {self.seconds:,.0f} s (data.download_seconds); what came is kept"
            )


@dataclass(frozen=True)
class Expected:
    """Expected size and digests of a file."""

    md5: str | None
    sha256: str | None
    bytes: int | None

    @property
    def has_digest(self) -> bool:
        """Whether a digest is known."""
        return self.md5 is not None or self.sha256 is not None

    def difference(self, path: Path) -> str | None:
        """Returns the difference of the file from the expectation, as a clause; None if there is none."""
        size = path.stat().st_size
        if self.bytes is not None and size != self.bytes:
            return f"{size:,} bytes, {self.bytes:,} expected"
        for kind, digest in (("sha256", self.sha256), ("md5", self.md5)):
            if digest is not None:
                with path.open("rb") as stream:
                    found = hashlib.file_digest(stream, kind).hexdigest()
                if found != digest:
                    return f"{kind} {found}, {digest} expected"
        return None


def download(
    client: httpx.Client,
    address: str,
    target: Path,
    expected: Expected,
    on_progress: OnProgress | None,
    limits: Limits,
) -> None:
    """Downloads the verified file to `target`.

    Raises AddressFailed, ChecksumMismatch or TooManyBytes where another address may do better, NotEnoughSpace
    or Unwritable where none will.
    """
    part = _Part(target)
    cuts = 0
    while True:
        resumed = part.offset_for(address, expected) > 0
        before = part.size()
        try:
            _stream(client, address, part, expected, on_progress, limits)
        except _ConnectionCut as cut:
            anew = part.size() == 0 < before  # what was kept did not fit the server's file
            cuts = cuts + 1 if anew or part.size() > before else _CUTS_FORGIVEN
            if cuts >= _CUTS_FORGIVEN:
                raise AddressFailed(f"{cut} (the {part.size():,} bytes that came are kept)") from cut
            continue
        difference = expected.difference(part.path)
        if difference is None:
            part.finish()
            return
        part.discard()
        if not resumed:
            raise ChecksumMismatch(f"what came is not the published file: {difference}")


class _Part:
    """A download in progress: `<name>.part`, and beside it the record of its source."""

    def __init__(self, target: Path):
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self.origin_path = target.with_name(target.name + ".part.json")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def offset_for(self, address: str, expected: Expected) -> int:
        """Returns how many bytes to keep; discards a part that may mix two versions of the file."""
        fits = expected.has_digest or self.validator(address) is not None
        if not fits:
            self.discard()
        return self.size()

    def validator(self, address: str) -> str | None:
        """Returns the identifier (ETag or date) of the version of this part, if it came from this address."""
        origin = self._origin()
        return origin.get("validator") or None if origin.get("address") == address else None

    def start(self, address: str, response: httpx.Response) -> None:
        etag = response.headers.get("ETag", "")
        strong = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
        strong = strong if strong.isascii() else ""  # it could not be sent back
        try:
            self.origin_path.write_text(
                json.dumps({"address": address, "validator": strong}), encoding="utf-8"
            )
        except OSError as error:
            raise Unwritable(f"{self.origin_path} cannot be written ({error.strerror})") from error

    def finish(self) -> None:
        self.path.replace(self.target)
        self.origin_path.unlink(missing_ok=True)

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.origin_path.unlink(missing_ok=True)

    def _origin(self) -> dict[str, str]:
        try:
            origin = json.loads(self.origin_path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(origin, dict):
            return {}
        return {name: value for name, value in origin.items() if isinstance(value, str)}


def _stream(
    client: httpx.Client,
    address: str,
    part: _Part,
    expected: Expected,
    on_progress: OnProgress | None,
    limits: Limits,
) -> None:
    """Appends the remaining bytes to the part; raises _ConnectionCut if the connection is cut."""
    limits.refuse_late()
    offset = part.size()
    headers = {}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        validator = part.validator(address)
        if validator is not None:
            headers["If-Range"] = validator
    try:
        with client.stream("GET", address, headers=headers) as response:
            limits.refuse_late()
            offset, total = _agree(response, address, part, offset)
            if total is None:
                return
            _write(response, part, offset, total, expected, on_progress, limits)
    # ValueError: a host's name that cannot be one, which httpx and the system find out at different times.
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressFailed(f"not a usable address ({error})") from error
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout) as error:
        raise _ConnectionCut(f"the connection broke off: {_reason(error)}") from error
    except httpx.HTTPError as error:
        raise AddressFailed(_reason(error)) from error


def _agree(response: httpx.Response, address: str, part: _Part, offset: int) -> tuple[int, int | None]:
    """Returns where writing starts and how many bytes there are in all (-1 unknown, None: nothing to read)."""
    if response.status_code == 416 and offset:
        # The range lies behind the end: either all is here, or the file is another one; the digest decides.
        if response.headers.get("Content-Range", "").endswith(f"/{offset}"):
            return offset, None
        part.discard()
        raise _ConnectionCut("the server's file is shorter than what was kept; starting anew")
    if response.status_code not in (200, 206):
        raise AddressFailed(f"the server answered {response.status_code} {response.reason_phrase}".strip())
    if response.headers.get("Content-Type", "").startswith("text/html") and not part.target.suffix == ".html":
        raise AddressFailed("the server sent a web page (a confirmation or quota page) instead of the file")
    length = response.headers.get("Content-Length", "")
    left = int(length) if length.isascii() and length.isdigit() else -1
    if response.status_code == 206:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            part.discard()
            raise AddressFailed("the server sent another range than the one asked for")
        return offset, offset + left if left >= 0 else -1
    part.start(address, response)
    return 0, left


def _write(
    response: httpx.Response,
    part: _Part,
    offset: int,
    total: int,
    expected: Expected,
    on_progress: OnProgress | None,
    limits: Limits,
) -> None:
    limit = limits.bytes if expected.bytes is None else expected.bytes
    if total > limit:
        part.discard()
        raise TooManyBytes(f"the server announces {total:,} bytes; {part.target.name} has at most {limit:,}")
    free = shutil.disk_usage(part.path.parent).free
    if total - offset > free:
        raise NotEnoughSpace(
            f"{part.target} needs {total - offset:,} bytes more and its disk has {free:,} left; free some space "
            "or set --data.folder to another disk"
        )
    here = offset
    try:
        with part.path.open("ab" if offset else "wb") as stream:
            for chunk in response.iter_raw():  # as they come: gathering larger ones loses some at a cut
                here += len(chunk)
                if here > limit:
                    break
                stream.write(chunk)
                limits.refuse_late()
                if on_progress is not None:
                    on_progress(here, total if total >= 0 else expected.bytes)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NotEnoughSpace(
                f"the disk is full at {part.path}; free some space and run the same command again"
            ) from error
        raise Unwritable(f"{part.path} cannot be written ({error.strerror})") from error
    if here > limit:
        part.discard()
        raise TooManyBytes(f"the server sent more than the {limit:,} bytes of {part.target.name}")
    if 0 <= total != here:
        raise _ConnectionCut(f"{here:,} of {total:,} bytes came")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
