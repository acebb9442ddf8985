"""Reads a parquet file into columns of cells, as a text table would hold them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from latent_audit.tasks.datasets.errors import BadTable
from latent_audit.tasks.datasets.tables.cell_numbers import EXACT
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_cells import Cells
from latent_audit.vocabulary.reasons import reason

_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Returns whether a file begins as parquet does."""
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def read_parquet(path: Path, keep: Callable[[list[str]], Sequence[str]]) -> Cells:
    """Returns the columns of a parquet file that `keep` selects.

    Lists of words become one cell each, with "|" between the words; columns of images, bytes and other structures are
    left out, which is said. Raises BadTable for a file that is damaged.
    """
    try:
        table = pq.ParquetFile(path)
        header = [str(name) for name in table.schema_arrow.names]
        chosen = list(keep(header))
        read = table.read(columns=chosen)
    except (pa.ArrowException, OSError, ValueError) as error:
        fault = str(error).split("\n")[0]
        raise BadTable(f"{path} cannot be read:", (f"it is a damaged parquet file ({fault})",)) from error
    columns: dict[str, pa.ChunkedArray] = {}
    left_out = []
    for name in chosen:
        cells = as_cells(read.column(name))
        if cells is None:
            left_out.append(name)
        else:
            columns[name] = cells
    notes = (reason("note.left_out_columns", names=[shown(name) for name in left_out]),) if left_out else ()
    return Cells(columns, np.arange(1, len(read) + 1), notes, tuple(left_out))


def as_cells(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Returns the cells of a column as text, "" for none; None for a column of bytes or structures."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_integer(kind.value_type)):
            return None
        texts = ["" if row is None else "|".join(map(str, row)) for row in column.to_pylist()]
    elif any(is_kind(kind) for is_kind in _PLAIN):
        texts = [cell_text(value) for value in column.to_pylist()]
    else:
        return None
    return pa.chunked_array([pa.array(texts, pa.string())])


_PLAIN = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_integer, pa.types.is_floating,
    pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null,
)  # fmt: skip


def cell_text(value: Any) -> str:
    """Returns a value as a table would hold it; numbers keep every digit, None is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < EXACT else repr(number)
    return str(value).strip()
