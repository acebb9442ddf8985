"""Opens an exported program (pt2) without code: torch opens an archive that is written here, of members
that were checked.

torch.export.load unpickles what the archive asks it to, evaluates the sizes in it as Python expressions, and resolves
operators below the whole of torch. Two readers of one zip archive need not see the same members (two central
directories, bytes in front, local headers that differ). So the archive itself is never given to torch.
"""

import io
import json
import math
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.exported_graph import first_unsafe, without_notes
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vocabulary.machine_errors import raise_machine_error

_LARGEST_TEXT_BYTES = 256 << 20
_MAX_MEMBERS = 100_000
_ROOT = "program"
_TENSOR = re.compile(r"data/(weights/weight|constants/tensor)_\d{1,9}", re.ASCII)
_GRAPH = re.compile(r"models/\w+\.json", re.ASCII)
_CONFIGURATION = re.compile(r"(data/(?:weights|constants)/)\w+_config\.json", re.ASCII)
_EXAMPLES = re.compile(r"data/sample_inputs/\w+\.pt", re.ASCII)
# What zipfile and json raise on broken files; NotImplementedError where a version or a compression is unknown.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, LookupError, TypeError, AttributeError, ValueError,
    RuntimeError, OverflowError,
)  # fmt: skip
_PLAIN = {"archive_format", "archive_version", "byteorder", ".data/version", ".data/serialization_id"}


@contextmanager
def safe_archive(path: Path) -> Iterator[IO[bytes]]:
    """Yields a new archive with the tensors of a pt2 archive and the operations on them.

    Raises BadCheckpoint if it holds anything else.
    """
    with tempfile.TemporaryFile() as copy:
        try:
            with (
                path.open("rb") as file,
                zipfile.ZipFile(file) as archive,
                zipfile.ZipFile(copy, "w") as rewritten_archive,
            ):
                _copy_members(archive, rewritten_archive, os.fstat(file.fileno()).st_size, path)
        except _UNREADABLE as error:
            raise_machine_error(error)
            raise BadCheckpoint(
                f"{path} is not an exported program that can be looked through ({error})"
            ) from error
        copy.seek(0)
        yield copy


def refuse_code(path: Path) -> None:
    """Raises BadCheckpoint if a pt2 archive holds anything but tensors and operations on them."""
    with safe_archive(path):
        pass


def _copy_members(
    archive: zipfile.ZipFile, rewritten_archive: zipfile.ZipFile, bytes_of_file: int, path: Path
) -> None:
    members = {_below_root(member.filename): member for member in archive.infolist()}
    stated = sum(member.file_size for member in archive.infolist())
    if len(members) != len(archive.infolist()) or len({name.casefold() for name in members}) != len(members):
        raise BadCheckpoint(f"{path} holds two members of one name: save the program with torch.export.save")
    if len(members) > _MAX_MEMBERS or stated > bytes_of_file:
        raise BadCheckpoint(
            f"{path} states {len(members):,} members of {stated:,} bytes, and is {bytes_of_file:,} bytes long: a "
            "program that torch.export.save wrote is not compressed and has no member twice"
        )
    sizes = {name: member.file_size for name, member in members.items()}
    for name, member in members.items():
        if _TENSOR.fullmatch(name):
            with (
                archive.open(member) as source,
                rewritten_archive.open(f"{_ROOT}/{name}", "w", force_zip64=True) as copied,
            ):
                shutil.copyfileobj(source, copied, 1 << 20)
            continue
        if member.file_size > _LARGEST_TEXT_BYTES:
            raise BadCheckpoint(
                f"{path}: {printable(name)} has {member.file_size:,} bytes, too many to be looked through"
            )
        rewritten_archive.writestr(f"{_ROOT}/{name}", _checked(name, archive.read(member), sizes, path))


def _below_root(name: str) -> str:
    """Returns a member's name below the archive's own folder."""
    return name.partition("/")[2]


def _checked(name: str, content: bytes, sizes: dict[str, int], path: Path) -> bytes:
    """Returns the checked content of a member that is no tensor."""
    if _GRAPH.fullmatch(name):
        graph = without_notes(json.loads(content))
        if (unsafe := first_unsafe(graph)) is not None:
            key, value = unsafe
            raise BadCheckpoint(
                f"{path} holds {printable(key)} {value!r}, which is more than an operation on tensors: only programs "
                "of torch.ops.aten operations that compute with tensors alone are run"
            )
        return json.dumps(graph).encode()
    if found := _CONFIGURATION.fullmatch(name):
        configuration = json.loads(content)
        for entry in configuration["config"].values():
            _refuse_untrue_tensor(entry, found[1], sizes, path)
        return json.dumps(configuration).encode()
    if _EXAMPLES.fullmatch(name):
        _refuse_unsafe_inputs(content, path)
        return b""  # a pickle that nothing here needs
    if name in _PLAIN and len(content) <= 1000:
        return content
    raise BadCheckpoint(
        f"{path} holds {name!r}, which is no tensor and no part of a plain graph: save the program with "
        "torch.export.save, without extra files, compiled parts or custom objects"
    )


def _refuse_untrue_tensor(entry: dict[str, Any], folder: str, sizes: dict[str, int], path: Path) -> None:
    """Refuses tensors that would be unpickled, and tensors of more entries than their member has bytes."""
    member = f"{folder}{entry.get('path_name')}"
    if entry.get("use_pickle") is not False or not _TENSOR.fullmatch(member):
        raise BadCheckpoint(
            f"{path} asks for {entry.get('path_name')!r} to be unpickled, which would run code: save it anew with "
            "plain, contiguous tensors"
        )
    shape = [size["as_int"] for size in entry["tensor_meta"]["sizes"]]
    if not all(type(size) is int and size >= 0 for size in shape):
        raise BadCheckpoint(f"{path}: the shape of {member} is {shape}, which is not of whole numbers")
    if math.prod(shape) > sizes.get(member, 0):
        raise BadCheckpoint(
            f"{path}: {member} has {sizes.get(member, 0):,} bytes, too few for the shape {shape}"
        )


def _refuse_unsafe_inputs(content: bytes, path: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            stated = sum(member.file_size for member in archive.infolist())
        if stated > len(content):
            raise ValueError("they unpack to more bytes than they have")
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a file that is not ours can fail in as many ways as torch's reader has
        raise_machine_error(error)
        raise BadCheckpoint(
            f"{path}: its example inputs are not tensors alone ({type(error).__name__})"
        ) from error
