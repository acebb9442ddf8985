"""Attributes in memory, a data frame or a mapping of columns, as typed attributes by the rules of tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from latent_audit.tasks.datasets.errors import BadTable, DataError
from latent_audit.tasks.datasets.own.pixel_measures import measure_pixels
from latent_audit.tasks.datasets.tables.column_types import ColumnType, TypedColumns, typed_columns
from latent_audit.tasks.datasets.tables.parquet_cells import cell_text
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_column import Column
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.files import read_labels
from latent_audit.vocabulary.reasons import reason

MISSING = "NaN"


def as_attributes(given: Any, images: int, types: Mapping[str, Any]) -> TypedColumns:
    """Returns the attributes with their values, one row an image, in the order of the images.

    given: a DataFrame, a mapping of columns, an array (n, k) of numbers, or the path of a table. types: as data.types
    in a settings file.
    Columns become the cells of a table first, so that types are inferred as for a CSV file. Raises BadTable and
    DataError.
    """
    frame = _frame(given)
    if len(frame) != images:
        raise DataError(
            f"there are {images:,} images and {len(frame):,} rows of attributes; each image needs one"
        )
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadTable(
            "the attributes cannot be used yet:", tuple(f"two columns are named {shown(n)!r}" for n in twice)
        )
    rows = np.arange(images, dtype=np.int64)
    columns = {
        name: Column.of(name, pa.chunked_array([_cells(name, frame.iloc[:, place])]), rows)
        for place, name in enumerate(names)
    }
    known = _types(types)
    typed = typed_columns(
        names, columns.__getitem__, {**_ordered(frame, known), **known}, (MISSING,), ".", keeps_missing=True
    )
    if typed.problems:
        raise BadTable("the attributes cannot be used yet:", typed.problems)
    return typed


def _types(given: Any) -> dict[str, ColumnType]:
    if not isinstance(given, Mapping):
        raise UsageError(f"types must be a mapping, as in {{'grade': 'ordinal'}}, got {given!r}")
    found = {}
    for name, one in given.items():
        try:
            found[str(name)] = ColumnType.model_validate(one)
        except ValidationError as error:
            said = "; ".join(
                item["msg"].removeprefix("Value error, ") for item in error.errors(include_url=False)
            )
            raise UsageError(f"types, {shown(str(name))!r}: {said} (got {one!r})") from None
    return found


def measured(pixels: NDArray[np.uint8]) -> TypedColumns:
    """Returns attributes of images without labels uint8 (n, c, h, w), measured in their pixels."""
    attributes, values = measure_pixels(pixels)
    names = [attribute.name for attribute in attributes]
    return TypedColumns(attributes, values, (), (reason("note.unlabelled", measured=[*names]),))


def _frame(given: Any) -> "pd.DataFrame":
    if isinstance(given, str | Path):
        return read_labels(Path(given))
    if isinstance(given, pd.DataFrame):
        return given
    if isinstance(given, pd.Series):
        return given.to_frame(given.name or "attribute")
    if isinstance(given, Mapping):
        single = [str(name) for name, column in given.items() if np.ndim(column) != 1]
        if single:
            raise DataError(
                f"every column must be a list with a value for each image; {', '.join(single)} is none"
            )
        lengths = {name: len(column) for name, column in given.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"columns must have one length, got {lengths}")
        return pd.DataFrame({name: np.asarray(column) for name, column in given.items()})
    array = np.asarray(given)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise DataError(
            f"attributes must be a DataFrame, a mapping of columns or an array (n, k), got {type(given).__name__} of "
            f"shape {array.shape}"
        )
    return pd.DataFrame(array, columns=[f"attribute {k}" for k in range(array.shape[1])])


def _ordered(frame: "pd.DataFrame", known: Mapping[str, ColumnType]) -> dict[str, ColumnType]:
    """Returns the types of categories that a data frame orders."""
    found = {}
    for place, name in enumerate(map(str, frame.columns)):
        kind = frame.dtypes.iloc[place]
        if isinstance(kind, pd.CategoricalDtype) and kind.ordered and name not in known:
            found[name] = ColumnType(kind="ordinal", levels=tuple(map(str, kind.categories)))
    return found


def _cells(name: str, column: "pd.Series[Any]") -> pa.Array:
    """Returns the cells of a column as a table would hold them; numbers keep every digit."""
    if column.dtype.kind in "Mm":
        raise BadTable(
            "the attributes cannot be used yet:",
            (
                f"column {shown(name)!r} holds times; give the numbers that are meant, such as the year or the age",
            ),
        )
    missing = column.isna().to_numpy()
    cells = [MISSING if gone else cell_text(value) for value, gone in zip(column, missing, strict=True)]
    return pa.array(cells, pa.string())
