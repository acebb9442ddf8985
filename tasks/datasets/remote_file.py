"""A file that a data set needs, its public addresses, and how to verify it."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_HEX_LENGTHS = {"md5": 32, "sha256": 64}


@dataclass(frozen=True)
class RemoteFile:
    """One file to download.

    name: path below the data folder, with forward slashes. urls: public addresses, tried in order. md5 and
    sha256: lower-case digests, where they are known. bytes: exact size, where it is known. note: what a user
    should know when no address answers. mirror_may_differ: a mirror may hold another edition of the file (a
    part of a data set, say), so digests and size bind the public addresses only.
    """

    name: str
    urls: tuple[str, ...]
    md5: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    note: str = ""
    mirror_may_differ: bool = False

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.name).parts
        plain = re.fullmatch(r"[A-Za-z0-9._/-]+", self.name) is not None
        if not plain or not parts or self.name.startswith("/") or ".." in parts or self.name.endswith("/"):
            raise ValueError(
                f"a remote file's name is a relative path of letters, digits, '.', '_' and '-' that stays in "
                f"the data folder; got {self.name!r}"
            )
        for kind, digest in (("md5", self.md5), ("sha256", self.sha256)):
            if digest is not None and (
                len(digest) != _HEX_LENGTHS[kind] or re.fullmatch("[0-9a-f]+", digest) is None
            ):
                raise ValueError(f"{self.name}: {kind} is {_HEX_LENGTHS[kind]} lower-case hex digits")
