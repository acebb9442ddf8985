"""Codes and labels in files: arrays of NumPy, and tables as CSV or parquet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import BadTable, MissingFile
from latent_audit.tasks.datasets.tables.cell_numbers import Reading, decimal_sign, read_numbers
from latent_audit.tasks.datasets.tables.parquet_cells import is_parquet, read_parquet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_cells import Cells, read_cells

_ARRAYS = ".npy"
_EXAMPLES = 5


def read_codes(path: Path) -> NDArray[Any]:
    """Returns the codes in a .npy file, or the columns of a table (n, d), of which each must hold numbers.

    Raises MissingFile and BadTable.
    """
    if not path.is_file():
        raise MissingFile(f"there is no file of codes at {path}")
    if path.suffix == _ARRAYS:
        try:
            array: NDArray[Any] = np.load(path, allow_pickle=False)
        except MemoryError as error:
            raise BadTable(
                f"{path} cannot be read:", (f"it needs more memory than there is ({error}), or is damaged",)
            ) from error
        except (ValueError, OSError, EOFError) as error:
            raise BadTable(f"{path} cannot be read:", (_no_array(error),)) from error
        return array
    if path.suffix == ".npz":
        raise BadTable(
            f"{path} cannot be read:", ("it may hold several arrays; save the codes alone as .npy",)
        )
    table = _cells(path)
    if read_numbers(list(table.columns), ".").are_numbers.all():
        raise BadTable(
            f"{path} is no table of codes:",
            ("its first line holds numbers and no names; write a line of names before it, as in z0,z1",),
        )
    sign = decimal_sign(cells.to_pylist() for cells in table.columns.values()) or "."
    found = {name: read_numbers(cells.to_pylist(), sign) for name, cells in table.columns.items()}
    words = [name for name, reading in found.items() if not reading.are_numbers.all()]
    if words:
        listed = ", ".join(_first_word(name, found[name], table) for name in words[:_EXAMPLES])
        more = f" and {len(words) - _EXAMPLES} more" if len(words) > _EXAMPLES else ""
        raise BadTable(
            f"{path} is no table of codes:",
            (
                f"every column must hold numbers alone; these do not: {listed}{more}; leave out columns of names, and "
                "rows without a code together with their labels",
            ),
        )
    return np.stack([reading.values for reading in found.values()], axis=1)


def _no_array(error: Exception) -> str:
    if "pickle" in str(error):
        return "it is no plain array: it holds Python objects, which unpickling could run; save numbers with numpy.save"
    return f"it is no plain array ({error})"


def _first_word(name: str, reading: Reading, table: Cells) -> str:
    """Returns a column's name with the first cell that is no number."""
    row = int(np.argmin(reading.are_numbers))
    return f"{shown(name)} (line {table.lines[row]:,}: {shown(table.columns[name][row].as_py())!r})"


def read_labels(path: Path) -> pd.DataFrame:
    """Returns the columns of a table as text, from which types are inferred. Raises MissingFile and BadTable."""
    if not path.is_file():
        raise MissingFile(f"there is no table at {path}")
    return pd.DataFrame({name: cells.to_pylist() for name, cells in _cells(path).columns.items()})


def _cells(path: Path) -> Cells:
    def all_columns(header: list[str]) -> Sequence[str]:
        twice = sorted({name for name in header if name and header.count(name) > 1})
        problems = (
            [f"these column names stand more than once: {', '.join(map(shown, twice))}"] if twice else []
        )
        if "" in header:
            problems.append(
                f"column {header.index('') + 1} has no name; leave it out if it counts the rows, or write one"
            )
        if problems:
            raise BadTable(f"the columns of {path} do not fit:", tuple(problems))
        return header

    found = read_parquet(path, all_columns) if is_parquet(path) else read_cells(path, None, None, all_columns)
    if found.left_out or not found.columns:
        listed = ", ".join(map(shown, found.left_out)) or "it has no column"
        raise BadTable(
            f"the columns of {path} do not fit:",
            (f"these hold no words or numbers, one a row: {listed}; leave them out",),
        )
    return found
