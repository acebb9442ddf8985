"""Looks through an exported program (pt2) before torch opens it. torch.export.load unpickles what the archive asks it
to, evaluates the sizes in it as Python expressions, and resolves operators below the whole of torch: a crafted file
would run code. What passes here holds raw tensors, plain sizes, and tensor operations.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from vae_models.errors import BadCheckpoint

_LARGEST_TEXT_BYTES = 256 << 20
_OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims)\.\w+(\.\w+)?|_operator\.(getitem|add|sub|mul|floordiv|mod|neg)"
)
# What sizes are made of: numbers and named symbols in sums, products and the like.
_SIZE_WORDS = {
    *("Symbol", "Integer", "Add", "Mul", "Pow", "Rational", "Mod", "FloorDiv", "CleanDiv", "Max", "Min"),
    *("positive", "nonnegative", "integer", "True", "False", "S", "One", "Zero", "Half", "oo", "int_oo"),
}
_SIZE_SIGNS = re.compile(r"[\w\s()+\-*/,='.]*")
_SYMBOL = re.compile(r"[suz]\d{1,9}")
_CONTAINERS = {None, "builtins.tuple", "builtins.list", "builtins.dict"}


def refuse_code(path: Path) -> None:
    """Raises BadCheckpoint where a pt2 archive holds anything but tensors and operations on them."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _refuse_member(archive, member, path)
    except (zipfile.BadZipFile, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadCheckpoint(
            f"{path} is not an exported program that can be looked through ({error})"
        ) from error


def _refuse_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    name = member.filename.partition("/")[2]  # below the archive's own folder
    if re.fullmatch(r"data/(weights/weight|constants/tensor)_\d+", name):
        return  # bytes of one tensor; the configuration beside it says whether they are read as such
    if member.file_size > _LARGEST_TEXT_BYTES:
        raise BadCheckpoint(f"{path}: {name} has {member.file_size:,} bytes, too many to be looked through")
    content = archive.read(member)
    if re.fullmatch(r"models/\w+\.json", name):
        _refuse_unsafe_graph(json.loads(content), path)
    elif re.fullmatch(r"data/(weights|constants)/\w+_config\.json", name):
        _refuse_pickled_tensors(json.loads(content), path)
    elif re.fullmatch(r"data/sample_inputs/\w+\.pt", name):
        _refuse_unsafe_inputs(content, path)
    elif name not in (
        "archive_format",
        "archive_version",
        "byteorder",
        ".data/version",
        ".data/serialization_id",
    ):
        raise BadCheckpoint(
            f"{path} holds {name!r}, which is no tensor and no part of a plain graph: save the program with "
            "torch.export.save, without extra files, compiled parts or custom objects"
        )


def _refuse_pickled_tensors(config: Any, path: Path) -> None:
    for entry in config["config"].values():
        if entry.get("use_pickle") is not False or "/" in str(entry.get("path_name")):
            raise BadCheckpoint(
                f"{path} asks for {entry.get('path_name')!r} to be unpickled, which would run code: save it anew with "
                "plain, contiguous tensors"
            )


def _refuse_unsafe_inputs(content: bytes, path: Path) -> None:
    try:
        torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch would go on and unpickle them with all that they ask for
        raise BadCheckpoint(
            f"{path}: its example inputs are not tensors alone ({type(error).__name__})"
        ) from error


def _refuse_unsafe_graph(graph: Any, path: Path) -> None:
    for key, value in _pairs(graph):
        unsafe = (
            (key == "target" and not _OPERATOR.fullmatch(str(value)))
            or (key == "expr_str" and not _is_size(str(value)))
            or (key == "range_constraints" and not all(_SYMBOL.fullmatch(name) for name in value))
            or (key in ("in_spec", "out_spec") and not _is_plain_structure(value))
        )
        if unsafe:
            raise BadCheckpoint(
                f"{path} holds {key} {str(value)[:120]!r}, which is more than an operation on tensors: only programs "
                "of torch.ops.aten operations are run"
            )


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yields every name and value of a JSON document, however deep."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from _pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pairs(item)


def _is_size(text: str) -> bool:
    words = re.findall(r"[A-Za-z_]\w*", text)
    known = all(word in _SIZE_WORDS or _SYMBOL.fullmatch(word) for word in words)
    return known and len(text) <= 2000 and _SIZE_SIGNS.fullmatch(text) is not None and "**" not in text


def _is_plain_structure(text: Any) -> bool:
    if not isinstance(text, str):
        return text is None
    kinds = [value for key, value in _pairs(json.loads(text)) if key == "type"]
    return all(kind in _CONTAINERS for kind in kinds)
