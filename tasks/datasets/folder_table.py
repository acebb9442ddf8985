"""Reads a user's table and holds it against the folder of images: every mismatch, in one message.

Columns stay compact (file names as Arrow strings), so that a million images are not a million objects.
"""

import csv
import os
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.datasets.errors import BadTable, MissingFile

FILE_COLUMN = "file"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")

_NAMES_A_BATCH = 10_000
_EXAMPLES = 5


def read_table(path: Path, folder: Path, columns: tuple[str, ...] | None, fewest_images: int) -> pd.DataFrame:
    """Returns the table: column `file`, then attribute columns, one row an image, nothing missing.

    Raises MissingFile where table or folder is absent, BadTable with all else that is wrong.
    """
    if not path.is_file():
        raise MissingFile(
            f"there is no table at {path}; data.table names a CSV with a column `{FILE_COLUMN}`"
        )
    if not folder.is_dir():
        raise MissingFile(f"there is no folder at {folder}; data.folder names the folder of your images")
    header = _read_header(path)
    problems = _header_problems(header, columns)
    if problems:
        raise BadTable(f"the columns of {path} do not fit:", tuple(problems))
    table = _read_rows(path, [FILE_COLUMN, *(columns or [name for name in header if name != FILE_COLUMN])])
    problems = [
        *_cell_problems(table),
        *_file_problems(table, folder),
    ]
    if len(table) < fewest_images:
        problems.append(
            f"there are {len(table):,} rows and at least {fewest_images:,} are needed (data.fewest_images)"
        )
    if problems:
        raise BadTable(f"{path} and the images in {folder} do not fit together:", tuple(problems))
    return table


def _read_header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadTable(f"{path} cannot be read:", (f"it is not a CSV in UTF-8 ({error})",)) from error


def _header_problems(header: list[str], columns: tuple[str, ...] | None) -> list[str]:
    problems = []
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        problems.append(f"these column names stand more than once: {', '.join(map(repr, repeated))}")
    if any(not name.strip() for name in header):
        problems.append("a column has no name")
    if FILE_COLUMN not in header:
        problems.append(
            f"there is no column `{FILE_COLUMN}` with the images' paths; found {', '.join(header)}"
        )
    if columns is None and set(header) <= {FILE_COLUMN}:
        problems.append("there is no attribute column")
    problems += [
        f"there is no column {name!r}, which data.attributes names"
        for name in columns or ()
        if name not in header or name == FILE_COLUMN
    ]
    return problems


def _read_rows(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # A row with a cell too many must not shift the others unseen; so all columns are read, too.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                encoding="utf-8-sig",
                dtype={FILE_COLUMN: "string[pyarrow]"},
                index_col=False,
                low_memory=False,
            )
    except (UnicodeDecodeError, ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise BadTable(
            f"{path} cannot be read:", (f"its rows are not a CSV in UTF-8 that fits its header ({error})",)
        ) from error
    return table[columns]


def _cell_problems(table: pd.DataFrame) -> Iterator[str]:
    for name in table.columns:
        column = table[name]
        missing = column.isna().to_numpy(dtype=bool)
        if pd.api.types.is_float_dtype(column.dtype):
            missing = ~np.isfinite(column.to_numpy(dtype=np.float64, na_value=np.nan))
        if missing.any():
            lines = np.flatnonzero(missing)[:_EXAMPLES] + 2  # line 1 is the header
            yield (
                f"column {name!r} has {missing.sum():,} empty or not finite cells, the first in line "
                f"{', '.join(map(str, lines))}; fill them or drop the rows"
            )


def _file_problems(table: pd.DataFrame, folder: Path) -> Iterator[str]:
    names = table[FILE_COLUMN].dropna()
    listed = pa.chunked_array(pa.array(names, type=pa.string()))
    repeated = names[names.duplicated()].drop_duplicates()
    if len(repeated):
        yield _examples(repeated, "file names stand in more than one row")
    escaping = names.str.match(r"^(?:[/\\]|[A-Za-z]:)") | names.str.contains(r"(?:^|[/\\])\.\.(?:[/\\]|$)")
    escaping = escaping.astype(bool)
    if escaping.any():
        yield _examples(
            names[escaping], "paths are absolute or lead out of the folder; write them relative to it"
        )
    present, outside = _listing(folder)
    if outside:
        yield _examples(pd.Series(outside), "images are links that lead out of the folder")
    is_present = pc.is_in(listed, value_set=present).to_numpy(zero_copy_only=False)
    absent = ~is_present & ~escaping.to_numpy() & ~names.isin(outside).to_numpy()
    if absent.any():
        yield _examples(names[absent], f"rows name an image that is not in {folder}")
    unlisted = present.filter(pc.invert(pc.is_in(present, value_set=listed)))
    if len(unlisted):
        shown = pd.Series(unlisted.slice(0, _EXAMPLES).to_pylist())
        yield _examples(shown, "images have no row in the table; add rows or move them away", len(unlisted))


def _listing(folder: Path) -> tuple[pa.ChunkedArray, list[str]]:
    """Returns the paths of images below the folder, and of those that are links to outside it."""
    outside: list[str] = []
    home = Path(os.path.realpath(folder))  # never fails, also on links that lead in a circle
    walk = _walk(folder, home, outside)
    batches = []
    while batch := list(islice(walk, _NAMES_A_BATCH)):
        batches.append(pa.array(batch, type=pa.string()))
    return pa.chunked_array(batches, type=pa.string()), outside


def _walk(folder: Path, home: Path, outside: list[str]) -> Iterator[str]:
    """Yields image paths below the folder with forward slashes; linked folders are not entered."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        prefix = Path(place).relative_to(folder).as_posix()
        for name in sorted(names):
            if not name.lower().endswith(IMAGE_SUFFIXES):
                continue
            relative = name if prefix == "." else f"{prefix}/{name}"
            full = Path(place) / name
            if full.is_symlink() and not Path(os.path.realpath(full)).is_relative_to(home):
                outside.append(relative)
            else:
                yield relative


def _examples(names: "pd.Series[str]", what: str, count: int | None = None) -> str:
    shown = ", ".join(str(name) for name in names.iloc[:_EXAMPLES])
    total = len(names) if count is None else count
    return f"{total:,} {what}: {shown}{', ...' if total > _EXAMPLES else ''}"
