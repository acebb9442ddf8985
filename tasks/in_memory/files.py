"""Codes and labels in files: arrays of NumPy, and tables as CSV or parquet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import BadTable, MissingFile
from latent_audit.tasks.datasets.tables.cell_numbers import read_numbers
from latent_audit.tasks.datasets.tables.parquet_cells import is_parquet, read_parquet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_cells import Cells, read_cells

_ARRAYS = ".npy"


def read_codes(path: Path) -> NDArray[Any]:
    """Returns the codes in a .npy file, or the columns of a table (n, d), of which each must hold numbers.

    Raises MissingFile and BadTable.
    """
    if not path.is_file():
        raise MissingFile(f"there is no file of codes at {path}")
    if path.suffix == _ARRAYS:
        try:
            array: NDArray[Any] = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise BadTable(f"{path} cannot be read:", (f"it is no plain array ({error})",)) from error
        return array
    columns: list[tuple[str, NDArray[np.float64]]] = []
    words: list[tuple[str, NDArray[np.float64]]] = []
    for name, cells in _cells(path).columns.items():
        reading = read_numbers(cells.to_pylist(), ".")
        (columns if reading.are_numbers.all() else words).append((name, reading.values))
    if words or not columns:
        listed = ", ".join(shown(name) for name, _ in words) or "there is no column"
        raise BadTable(
            f"{path} is no table of codes:",
            (f"every column must hold numbers alone; these do not: {listed}",),
        )
    return np.stack([values for _, values in columns], axis=1)


def read_labels(path: Path) -> pd.DataFrame:
    """Returns the columns of a table as text, from which types are inferred. Raises MissingFile and BadTable."""
    if not path.is_file():
        raise MissingFile(f"there is no table at {path}")
    return pd.DataFrame({name: cells.to_pylist() for name, cells in _cells(path).columns.items()})


def _cells(path: Path) -> Cells:
    def all_columns(header: list[str]) -> Sequence[str]:
        return header

    return read_parquet(path, all_columns) if is_parquet(path) else read_cells(path, None, None, all_columns)
