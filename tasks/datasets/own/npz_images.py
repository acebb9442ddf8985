"""Images and labels in an npz file: arrays of one length, in one set or in parts for training and test."""

import lzma
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import BadTable, DataError
from latent_audit.tasks.datasets.images.decoding import decode_array
from latent_audit.tasks.datasets.own.array_images import as_images
from latent_audit.tasks.datasets.own.own_images import DecodeRow
from latent_audit.tasks.datasets.tables.folder_table import FolderTable
from latent_audit.tasks.datasets.tables.parquet_cells import cell_text
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import reason

# Of a file's arrays when they are unpacked.
_LARGEST_BYTES = 8 << 30
_MAX_MEMBERS = 1_000
_PARTS = ("train", "val", "valid", "validation", "test")
_IMAGES = ("images", "imgs", "image", "x", "X", "data")
_MAX_COLUMNS = 1_000
# What zipfile and NumPy raise on damaged archives.
_READING_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(ValueError, OSError, EOFError, NotImplementedError, RuntimeError),
)


def is_npz(path: Path) -> bool:
    """Returns whether a file is a zip archive of NumPy arrays."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


def open_npz(path: Path, attributes: tuple[str, ...] | None) -> tuple[FolderTable, DecodeRow]:
    """Returns the rows of an npz file with the columns of its labels, and what decodes the image of one.

    The parts of a set (train_images, val_images, test_images) are put one after the other, and none of them is an
    attribute. Raises BadTable and DataError.
    """
    return open_arrays(path, _read(path), attributes)


def open_arrays(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], attributes: tuple[str, ...] | None
) -> tuple[FolderTable, DecodeRow]:
    """Returns the rows of named arrays, as `open_npz` does of a file; `path` is what errors and rows call them."""
    whole, parts = _joined(path, arrays)
    name = next((name for name in _IMAGES if name in whole), None)
    if name is None:
        raise _unusable(
            path,
            f"none of its arrays is named {', '.join(_IMAGES)}, alone or behind train_; it has {_listed(arrays)}",
        )
    images, notes = as_images(whole.pop(name))
    columns, left_out = _columns(path, whole, len(images), attributes)
    counted = "; ".join(f"{part} {count:,}" for part, count in parts.items())
    together = (reason("note.parts_together", counted=counted),) if counted else ()
    left = (
        (reason("note.left_out_arrays", names=_listed(left_out)),) if left_out and attributes is None else ()
    )
    table = FolderTable(
        tuple(f"{path.name}[{row}]" for row in range(len(images))),
        tuple(columns),
        columns,
        np.arange(1, len(images) + 1),
        (*together, *notes, *left),
    )
    return table, lambda row, square: decode_array(images[row], square)


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    """Returns the arrays by name; none is unpickled, and no more is unpacked than is allowed."""
    arrays: dict[str, NDArray[np.generic]] = {}
    reading = ""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        size = sum(member.file_size for member in members)
        if size > _LARGEST_BYTES or len(members) > _MAX_MEMBERS:
            raise _unusable(
                path,
                f"it unpacks to {len(members):,} arrays of {size / 2**30:.1f} GiB, and {_MAX_MEMBERS:,} of "
                f"{_LARGEST_BYTES >> 30} GiB together are read at most",
            )
        with np.load(path, allow_pickle=False) as file:
            for name in file.files:
                reading = str(name)
                arrays[reading] = file[name]
    except MemoryError as error:
        raise _unusable(
            path, f"{shown(reading)} needs more memory than there is ({error}), or the file is damaged"
        ) from error
    except _READING_ERRORS as error:
        if "Object arrays" in str(error):
            raise _unusable(
                path,
                f"{shown(reading)} holds Python objects, and unpickling them could run code; save it as numbers or "
                "text, as in array.astype(str)",
            ) from error
        which = f"{shown(reading)} of " if reading else ""
        first_line = str(error).split("\n")[0][:200]
        raise _unusable(path, f"{which}its arrays cannot be read ({first_line})") from error
    return arrays


def _joined(
    path: Path, arrays: Mapping[str, NDArray[np.generic]]
) -> tuple[dict[str, NDArray[np.generic]], dict[str, int]]:
    """Returns the arrays with parts put together, by name without the part, and the images of each part."""
    parts = [part for part in _PARTS if any(name.startswith(f"{part}_") for name in arrays)]
    if not parts:
        return dict(arrays), {}
    names = {
        name.removeprefix(f"{part}_") for part in parts for name in arrays if name.startswith(f"{part}_")
    }
    alone = [name for name in arrays if not any(name.startswith(f"{part}_") for part in parts)]
    found = {name: arrays[name] for name in alone if name not in names}
    for name in sorted(names):
        pieces = [arrays.get(f"{part}_{name}") for part in parts]
        given = [piece for piece in pieces if piece is not None]
        if len(given) < len(parts) or len({piece.shape[1:] for piece in given}) > 1:
            raise _unusable(
                path, f"{shown(name)} must be in each of the parts {', '.join(parts)}, in one shape"
            )
        found[name] = np.concatenate(given)
    images = next((name for name in _IMAGES if name in found), None)
    counts = {part: len(arrays[f"{part}_{images}"]) for part in parts} if images else {}
    return found, counts


def _columns(
    path: Path, labels: Mapping[str, NDArray[np.generic]], rows: int, attributes: tuple[str, ...] | None
) -> tuple[dict[str, pa.ChunkedArray], dict[str, NDArray[np.generic]]]:
    """Returns the cells of each label, and the arrays that are none.

    The columns of an array (n, k) are NAME 0, NAME 1, ...
    """
    found: dict[str, NDArray[np.generic]] = {}
    left_out: dict[str, NDArray[np.generic]] = {}
    for name, array in labels.items():
        if array.ndim not in (1, 2) or len(array) != rows or array.dtype.kind not in "buifUS":
            left_out[name] = array
            continue
        flat = array.reshape(rows, -1)
        for column in range(flat.shape[1]):
            of_column = name if flat.shape[1] == 1 else f"{name} {column}"
            if of_column in found or not name.strip():
                why = "stands more than once" if of_column in found else "is empty"
                raise _unusable(path, f"the name {shown(of_column)!r} of a label {why}; rename its array")
            found[of_column] = flat[:, column]
    absent = [name for name in attributes or () if name not in found]
    if absent:
        raise _unusable(
            path,
            f"it has no labels {', '.join(map(shown, absent))}, which data.attributes names; it has {_listed(found)}",
        )
    if not found and attributes != ():
        raise _unusable(
            path,
            f"it has no labels, arrays of {rows:,} numbers or words with one or two axes; it has {_listed(labels)}. "
            "data.unlabelled: true measures attributes in the pixels",
        )
    if attributes is None and len(found) > _MAX_COLUMNS:
        raise _unusable(path, f"it has {len(found):,} labels; name those to audit in data.attributes")
    cells = {
        name: pa.chunked_array([pa.array([cell_text(_plain(value)) for value in found[name]], pa.string())])
        for name in (found if attributes is None else attributes)
    }
    return cells, left_out


def _plain(value: np.generic) -> object:
    item = value.item()
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else item


def _listed(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    return (
        ", ".join(f"{shown(name)} {array.dtype} {array.shape}" for name, array in arrays.items())
        or "no other"
    )


def _unusable(path: Path, why: str) -> DataError:
    return BadTable(f"{path} cannot be used:", (why,))
