"""A run folder as it was found, each file read once: what was checked is what is used afterwards.

Nothing is followed and nothing is waited for: links, pipes and devices are named, not opened.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "signature.json"
# What is read into memory, with the most bytes that it may have; all other files are hashed piece by piece.
MAX_BYTES: Mapping[str, int] = MappingProxyType(
    {
        MANIFEST_NAME: 64 * 2**20,
        SIGNATURE_NAME: 2**16,
        "audit.json": 256 * 2**20,
        "run.json": 16 * 2**20,
        "ledger.jsonl": 128 * 2**20,
        "report.html": 512 * 2**20,
    }
)
PIECE_BYTES = 2**20


@dataclass(frozen=True)
class FileFacts:
    """Size in bytes and SHA-256 of one file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class RunFiles:
    """The files of a run by their paths below `folder`, manifest.json aside.

    Args:
        folder: the run's folder.
        files: sizes and digests.
        contents: the bytes of the files named in MAX_BYTES.
        refused: what is no plain file, by its path, with what it is instead: "a link", "an empty folder".
    """

    folder: Path
    files: Mapping[str, FileFacts]
    contents: Mapping[str, bytes]
    refused: Mapping[str, str]


class NotPlain(Exception):
    """Something is no plain file that can be read; its text says what it is, such as "a link"."""


def read_run_files(folder: Path, sizes: Mapping[str, int] | None = None) -> RunFiles:
    """Returns what is in `folder` now.

    Args:
        folder: the folder of a run.
        sizes: the bytes that each file should have. A file of another size is not read, nor is one without a size;
            their digest is "". None: everything is read.
    """
    files: dict[str, FileFacts] = {}
    contents: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    for name, path in _walk(folder, refused):
        if name == MANIFEST_NAME:
            continue
        try:
            if name in MAX_BYTES:
                contents[name] = read_plain(path, MAX_BYTES[name])
                digest = hashlib.sha256(contents[name]).hexdigest()
                files[name] = FileFacts(len(contents[name]), digest)
            else:
                files[name] = _facts(path, None if sizes is None else sizes.get(name, -1))
        except NotPlain as found:
            refused[name] = str(found)
    return RunFiles(folder, dict(sorted(files.items())), contents, dict(sorted(refused.items())))


def read_known_files(folder: Path) -> RunFiles:
    """Returns those files in `folder` that every run has, and looks at nothing else."""
    files: dict[str, FileFacts] = {}
    contents: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    for name in sorted(MAX_BYTES.keys() - {MANIFEST_NAME}):
        try:
            contents[name] = read_plain(folder / name, MAX_BYTES[name])
        except FileNotFoundError:
            continue
        except NotPlain as found:
            refused[name] = str(found)
        else:
            files[name] = FileFacts(len(contents[name]), hashlib.sha256(contents[name]).hexdigest())
    return RunFiles(folder, files, contents, refused)


def read_plain(path: Path, most_bytes: int) -> bytes:
    """Returns the content of a plain file.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        NotPlain: there is a link, a folder, a pipe, a file that cannot be read or one of more than `most_bytes`.
    """
    with _open(path) as stream:
        try:
            data = stream.read(most_bytes + 1)
        except OSError as error:
            raise NotPlain(f"a file that cannot be read ({error.strerror})") from None
    if len(data) > most_bytes:
        raise NotPlain(f"a file of more than {most_bytes} bytes")
    return data


def _walk(folder: Path, refused: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Yields name and path of everything below `folder` that is no folder; unusable folders go to `refused`."""
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            refused[prefix.rstrip("/") or "."] = f"a folder that cannot be read ({error.strerror})"
            continue
        if not found and prefix:
            refused[prefix.rstrip("/")] = "an empty folder"
        for entry in found:
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append((place / entry.name, f"{name}/"))
            else:
                yield name, place / entry.name


def _facts(path: Path, size: int | None) -> FileFacts:
    try:
        with _open(path) as stream:
            real = os.fstat(stream.fileno()).st_size
            if size is not None and real != size:
                return FileFacts(real, "")
            digest, count = hashlib.sha256(), 0
            while piece := stream.read(PIECE_BYTES):
                digest.update(piece)
                count += len(piece)
                if count > real:  # it grows while it is read
                    return FileFacts(count, "")
    except OSError as error:
        raise NotPlain(f"a file that cannot be read ({error.strerror})") from None
    return FileFacts(count, digest.hexdigest())


def _open(path: Path) -> BinaryIO:
    """Opens a plain file. A pipe is not waited for, and a link is not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotPlain(_what(path, error)) from None
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind):
        os.close(descriptor)
        raise NotPlain(_named(kind))
    return os.fdopen(descriptor, "rb")


def _what(path: Path, error: OSError) -> str:
    try:
        kind = path.lstat().st_mode
    except OSError:
        return f"a file that cannot be read ({error.strerror})"
    return f"a file that cannot be read ({error.strerror})" if stat.S_ISREG(kind) else _named(kind)


def _named(kind: int) -> str:
    if stat.S_ISLNK(kind):
        return "a link"
    if stat.S_ISDIR(kind):
        return "a folder"
    if stat.S_ISFIFO(kind):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(kind) else "a device"
