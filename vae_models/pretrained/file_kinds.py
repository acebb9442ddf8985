"""Recognises the format of a model's file or folder by its content, without unpickling or running anything."""

import json
import os
import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vocabulary.machine_errors import raise_machine_error

_LARGEST_PICKLE_BYTES = 64 << 20
# Of a pickle, and of an ONNX model: far more than any model has, and read within two seconds.
_MAX_INSTRUCTIONS = 2_000_000
_MAX_ONNX_FIELDS = 10_000
_LARGEST_CONFIG_BYTES = 16 << 20
_BEGINNING_BYTES = 4096
# What a file of tensors alone asks for when it is unpickled; anything else is somebody's code.
_TENSOR_MODULES = ("torch", "collections", "numpy", "_codecs")
_TENSOR_NAMES = ("builtins.set", "builtins.bytearray", "__builtin__.set", "__builtin__.bytearray")
# Kinds of fields in a protocol buffer, and the last field that ONNX has in its outer message.
_NUMBER, _BYTES = 0, 2
_LAST_ONNX_FIELD = 26
_LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@dataclass(frozen=True)
class FileKind:
    """The format of a file or folder in words, and what accepts it; kind: the one setting that needs its path alone."""

    name: str
    taken_by: str
    kind: str | None = None


_YOUR_FUNCTION = "kind entrypoint takes it: write a function that opens it"
SAFETENSORS = FileKind(
    "a safetensors file", "kind checkpoint takes it where its tensors fit one of our networks"
)
TENSORS = FileKind(
    "a torch file of tensors", "kind checkpoint takes it where its tensors fit one of our networks"
)
LIGHTNING = FileKind(
    "a checkpoint of Lightning",
    "kind lightning takes it with a function that makes the module, and kind checkpoint with entry: state_dict if its "
    "weights fit one of our networks",
)
KINDS_OF_WEIGHTS = (SAFETENSORS, TENSORS, LIGHTNING)
EXPORTED = FileKind("an exported program (pt2)", "kind exported_programs takes it, as encoder or decoder")
_TORCHSCRIPT = FileKind(
    "a TorchScript file",
    "its interpreter cannot be fenced in: export encoder and decoder with torch.export (pt2), or "
    f"{_YOUR_FUNCTION} with torch.jit.load",
)
ONNX = FileKind("an ONNX model", "kind onnx takes it, as encoder or decoder")
_HTML = FileKind("an HTML page and no model", "download the file anew: the page may say what went wrong")
_LFS = FileKind("a pointer of Git LFS and no model", "run `git lfs pull` where it came from")
_EMPTY = FileKind("an empty file", "copy or download it anew")
_HDF5 = FileKind("an HDF5 file (Keras and others)", _YOUR_FUNCTION)
_NUMPY = FileKind("a file of NumPy arrays", _YOUR_FUNCTION)
_KERAS = FileKind("a Keras model", _YOUR_FUNCTION)
_DAMAGED_ZIP = FileKind("the beginning of a zip archive, cut off", "copy or download it anew")

# Diffusers' autoencoders that its kind opens.
OF_DIFFUSERS = ("AutoencoderKL", "AutoencoderTiny", "VQModel")
_FOLDERS = (
    (
        "model_index.json",
        "a pipeline folder of Diffusers",
        "kind diffusers takes the folder of its autoencoder, as vae or vqvae in it",
    ),
    (
        "MLmodel",
        "a model folder of MLflow",
        "kind exported_programs takes its pt2 file, or its MLflow address",
    ),
    ("saved_model.pb", "a SavedModel folder of TensorFlow", _YOUR_FUNCTION),
)


def kind_of(path: Path) -> FileKind | None:
    """Returns the format of a file or folder; None if it is unknown."""
    if path.is_dir():
        return _kind_of_folder(path)
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING_BYTES)
    if not beginning:
        return _EMPTY
    if zipfile.is_zipfile(path):
        return _kind_of_zip(path)
    if beginning.startswith(b"PK\x03\x04"):
        return _DAMAGED_ZIP
    if beginning.startswith(b"\x89HDF\r\n\x1a\n"):
        return _HDF5
    if beginning.startswith(b"\x93NUMPY"):
        return _NUMPY
    if beginning.startswith(b"version https://git-lfs"):
        return _LFS
    if beginning.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return _HTML
    if _is_safetensors(path, beginning):
        return SAFETENSORS
    if beginning.startswith(_LEGACY_TORCH):
        return TENSORS
    if beginning[0] == 0x80 and beginning[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        with path.open("rb") as file:
            return _pickle(_code_asked_for(file.read(_LARGEST_PICKLE_BYTES)))
    return ONNX if _is_onnx(path) else None


def refuse_other_kinds(path: Path, taken: tuple[FileKind, ...], needed: str) -> None:
    """Raises BadCheckpoint if the content of `path` is known to have none of the accepted formats.

    needed: the accepted formats, in words.
    """
    found = kind_of(path)
    if found is not None and found not in taken:
        raise BadCheckpoint(f"{path} is {found.name}, and {needed} is needed: {found.taken_by}")


def _pickle(code: list[str]) -> FileKind:
    asked = f" that asks for {', '.join(map(printable, code[:3]))}" if code else ""
    return FileKind(
        f"a pickle of Python objects{asked}",
        f"{_YOUR_FUNCTION}, for unpickling runs code; or save model.state_dict() alone",
    )


def _kind_of_folder(path: Path) -> FileKind:
    for name, words, taken_by in _FOLDERS:
        if (path / name).is_file():
            return FileKind(words, taken_by)
    config = _json_of(path / "config.json")
    if "_diffusers_version" in config or "_class_name" in config:
        name = printable(str(config.get("_class_name", "a model"))[:60])
        if name in OF_DIFFUSERS:
            return FileKind(f"a folder of Diffusers ({name})", "kind diffusers takes it", "diffusers")
        return FileKind(
            f"a folder of Diffusers ({name})",
            f"{_YOUR_FUNCTION} with diffusers' {name}.from_pretrained",
        )
    if "architectures" in config or "model_type" in config:
        return FileKind("a folder of Transformers", f"{_YOUR_FUNCTION} with from_pretrained")
    if (path / "model_config.json").is_file() and (path / "model.pt").is_file():
        name = printable(str(_json_of(path / "model_config.json").get("name", "model"))[:60])
        return FileKind(f"a folder of pythae ({name})", "kind pythae takes it", "pythae")
    return FileKind("a folder", "name a file in it")


def _json_of(path: Path) -> dict[str, object]:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_CONFIG_BYTES:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _kind_of_zip(path: Path) -> FileKind | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
            flat = archive.namelist()
            if any(name.startswith("code/") for name in names) and "constants.pkl" in names:
                return _TORCHSCRIPT
            if "archive_format" in names or any(name.startswith("models/") for name in names):
                return EXPORTED
            if "data.pkl" in names:
                member = next(name for name in flat if name.partition("/")[2] == "data.pkl")
                with archive.open(member) as file:
                    return _torch_file(file.read(_LARGEST_PICKLE_BYTES))
            if "model.weights.h5" in flat:
                return _KERAS
            if flat and all(name.endswith(".npy") for name in flat):
                return _NUMPY
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise_machine_error(error)
        return None
    return FileKind("a zip archive", "take the model's file out of it")


def _torch_file(content: bytes) -> FileKind:
    if code := _code_asked_for(content):
        return _pickle(code)
    return LIGHTNING if "pytorch-lightning_version" in set(_words(content)) else TENSORS


def _words(content: bytes) -> Iterator[str]:
    """Yields every text in a pickle."""
    for _, argument in _instructions(content):
        if isinstance(argument, str):
            yield argument


def _code_asked_for(content: bytes) -> list[str]:
    """Returns the names, module and all, that a pickle would import beside those of tensors and containers."""
    found: list[str] = []
    recent: list[str] = []
    for instruction, argument in _instructions(content):
        if instruction == "GLOBAL":
            found.append(str(argument).replace(" ", "."))
        elif instruction == "STACK_GLOBAL":
            found.append(".".join(recent[-2:]))
        elif isinstance(argument, str):
            recent.append(argument)
    others = [
        name
        for name in found
        if name not in _TENSOR_NAMES
        and (name.partition(".")[0] not in _TENSOR_MODULES or ".nn.modules." in name)
    ]
    return list(dict.fromkeys(others))


def _instructions(content: bytes) -> Iterator[tuple[str, Any]]:
    """Yields a pickle's instructions and their arguments, as far as they can be read, without executing them."""
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(content), 1):
            yield opcode.name, argument
            if count == _MAX_INSTRUCTIONS:
                return
    except Exception as error:  # a damaged pickle can fail in any way; what was read until there counts
        raise_machine_error(error)


def _is_safetensors(path: Path, beginning: bytes) -> bool:
    length = int.from_bytes(beginning[:8], "little")
    return beginning[8:9] == b"{" and 2 <= length <= path.stat().st_size - 8


def _is_onnx(path: Path) -> bool:
    """Walks the fields of the outer message: an ONNX file has a version (1) and a graph (7)."""
    fields, size = set(), path.stat().st_size
    with path.open("rb") as file:
        for _ in range(_MAX_ONNX_FIELDS):
            if file.tell() >= size:
                break
            field, wire = divmod(_varint(file), 8)
            if not 1 <= field <= _LAST_ONNX_FIELD or wire not in (_NUMBER, _BYTES):
                return False
            fields.add(field)
            value = _varint(file)
            if wire == _BYTES:
                if value > size:
                    return False
                file.seek(value, os.SEEK_CUR)
        return {1, 7} <= fields and file.tell() == size


def _varint(file: BinaryIO) -> int:
    """Returns the next number of a protocol buffer: seven bits a byte, the last byte below 128."""
    value = 0
    for shift in range(0, 70, 7):
        byte = (file.read(1) or b"\0")[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value
