"""Images and labels in parquet files with the bytes of images, as data sets on Hugging Face have them."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latent_audit.tasks.datasets.errors import BadTable, DataError
from latent_audit.tasks.datasets.images.decoding import Decoded, Square, decode
from latent_audit.tasks.datasets.own.own_images import DecodeRow
from latent_audit.tasks.datasets.tables.folder_table import FolderTable
from latent_audit.tasks.datasets.tables.parquet_cells import as_cells, is_parquet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import reason

_SUFFIX = ".parquet"


def parquet_files(path: Path) -> list[Path]:
    """Returns the parquet file at `path`, or those in the folder there, in the order of their names."""
    if path.is_dir():
        return [file for file in sorted(path.glob(f"*{_SUFFIX}")) if file.is_file() and is_parquet(file)]
    return [path] if path.is_file() and is_parquet(path) else []


def open_parquet(
    path: Path, files: Sequence[Path], attributes: tuple[str, ...] | None
) -> tuple[FolderTable, DecodeRow]:
    """Returns the rows of parquet files with the columns of their labels, and what decodes the image of one.

    The column of images is the one of structures with `bytes`, or of plain bytes. Numbers of classes that the file
    names (ClassLabel) become these names. Raises BadTable.
    """
    _refuse_double_names(path, files)
    try:
        table = pa.concat_tables([pq.read_table(file) for file in files])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unusable(
            path, f"it is damaged, or its files have other columns ({str(error).splitlines()[0]})"
        ) from error
    images = [name for name in table.schema.names if _holds_bytes(table.schema.field(name).type)]
    if len(images) != 1:
        raise _unusable(
            path,
            f"one column must hold the bytes of images; {', '.join(map(shown, images)) or 'none'} of "
            f"{', '.join(map(shown, table.schema.names))} does",
        )
    classes = _class_names(table.schema)
    cells, left_out = {}, []
    for name in table.schema.names:
        if name == images[0]:
            continue
        if not name.strip() and attributes is None:
            raise _unusable(path, "a column has no name; give it one, or leave it out of the file")
        column = as_cells(table.column(name))
        if column is None:
            left_out.append(name)
        else:
            cells[name] = _named(column, classes.get(name))
    absent = [name for name in attributes or () if name not in cells]
    if absent:
        raise _unusable(
            path,
            f"there is no column {', '.join(map(shown, absent))} of words or numbers, which data.attributes names; it "
            f"has {', '.join(map(shown, cells)) or 'none'}{_also(left_out)}",
        )
    if not cells and attributes != ():
        raise _unusable(
            path,
            f"it has images and no labels: no column of words or numbers{_also(left_out)}; data.unlabelled: true "
            "measures attributes in the pixels",
        )
    note = reason("note.left_out_columns", names=", ".join(map(shown, left_out)))
    content = table.column(images[0])
    names = _names(
        content, [file.stem for file in files], [pq.read_metadata(file).num_rows for file in files]
    )

    def decode_row(row: int, square: Square) -> Decoded:
        value = content[row].as_py()
        data = value.get("bytes") if isinstance(value, dict) else value
        return decode(io.BytesIO(data or b""), shown(names[row]), square)

    found = FolderTable(
        tuple(names),
        tuple(cells) if attributes is None else attributes,
        cells,
        np.arange(1, len(names) + 1),
        (note,) if left_out else (),
    )
    return found, decode_row


def _also(left_out: Sequence[str]) -> str:
    return f" (left out: {', '.join(map(shown, left_out))})" if left_out else ""


def _refuse_double_names(path: Path, files: Sequence[Path]) -> None:
    """Raises BadTable where two columns have one name; files that cannot be read are told of by what reads them."""
    for file in files:
        try:
            names = pq.read_schema(file).names
        except (pa.ArrowException, OSError, ValueError):
            continue
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise _unusable(path, f"these column names stand more than once: {', '.join(map(shown, twice))}")


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(
            kind.field(place).name == "bytes" and _holds_bytes(kind.field(place).type)
            for place in range(kind.num_fields)
        )
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _names(content: pa.ChunkedArray, stems: Sequence[str], rows: Sequence[int]) -> list[str]:
    """Returns a name for each image: its path where all have one of their own, else file and row."""
    if pa.types.is_struct(content.type) and content.type.get_field_index("path") >= 0:
        paths = pc.struct_field(content, "path").to_pylist()
        if all(paths) and len(set(paths)) == len(paths):
            return [str(path) for path in paths]
    return [f"{stem}[{row}]" for stem, count in zip(stems, rows, strict=True) for row in range(count)]


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Returns the names of classes by column, as the library `datasets` writes them into a file's metadata."""
    try:
        features: Any = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            str(name): [str(one) for one in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict)
            and feature.get("_type") == "ClassLabel"
            and len(set(feature["names"])) == len(feature["names"])  # else two classes would become one
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _named(cells: pa.ChunkedArray, names: Sequence[str] | None) -> pa.ChunkedArray:
    if not names:
        return cells
    known = {str(number): name for number, name in enumerate(names)}
    known["-1"] = ""  # as data sets mark an image whose class they do not give
    return pa.chunked_array([pa.array([known.get(cell, cell) for cell in cells.to_pylist()], pa.string())])


def _unusable(path: Path, why: str) -> DataError:
    return BadTable(f"{path} cannot be used:", (why,))
