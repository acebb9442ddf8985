"""Reads a text table into columns of cells; detects delimiter and header, and records the line of each row.

Cells are text without blanks around it, kept in Arrow arrays, so that a million rows are not a million objects.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import BadTable
from latent_audit.tasks.datasets.tables.file_column import could_name_files
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_encoding import find_encoding
from latent_audit.vocabulary.reasons import Reason, reason

LONGEST_LINE = 8_000_000  # characters
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blank"}
_ROWS_LOOKED_AT = 200
_ROWS_A_BATCH = 10_000
_EXAMPLES = 5
_DECLARED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Cells:
    """A table as text. columns: cells by the column's name, in order. lines: of the file, where each row begins.

    left_out: columns that hold no words or numbers.
    """

    columns: dict[str, pa.ChunkedArray]
    lines: NDArray[np.int64]
    notes: tuple[Reason, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Layout:
    """The delimiter, the number of lines before the header, and the column names."""

    delimiter: str
    skipped_lines: int
    header: tuple[str, ...]
    notes: tuple[Reason, ...]


@dataclass
class _Read:
    """Columns that grow batch by batch, and the problems found."""

    batches: list[list[pa.Array]]
    lines: list[int] = field(default_factory=list)
    stripped: list[int] = field(default_factory=list)
    wrong_width: list[str] = field(default_factory=list)
    wrong: int = 0


def read_cells(
    path: Path, encoding: str | None, delimiter: str | None, keep: Callable[[list[str]], Sequence[str]]
) -> Cells:
    """Returns the columns of a table that `keep` selects from the names in its header.

    Blank lines are passed over. Raises BadTable where the text is no table, a row has too many or too few cells, or
    a line or cell is longer than any real one.
    """
    found = find_encoding(path, encoding)
    try:
        layout = _find_layout(path, found.name, delimiter)
        names = list(layout.header)
        kept = list(keep(names))
        read = _read_rows(path, found.name, layout, [names.index(name) for name in kept])
    except csv.Error as error:
        raise BadTable(f"{path} cannot be read:", (_csv_error_text(error),)) from error
    if not any(names):
        raise BadTable(
            f"{path} cannot be read:",
            ("it is empty; a table begins with a line of column names, and has a row for each image",),
        )
    if read.wrong:
        raise BadTable(
            f"{path} cannot be read:",
            (
                f"{read.wrong:,} rows do not fit the header, which names {len(names):,} columns: "
                f"{'; '.join(read.wrong_width)}{'; ...' if read.wrong > _EXAMPLES else ''}",
            ),
        )
    chunks = read.batches or [[pa.array([], pa.string())] * len(kept)]
    columns = {
        name: pa.chunked_array([batch[k] for batch in chunks], pa.string()) for k, name in enumerate(kept)
    }
    notes = [found.note, *layout.notes]
    notes += [
        reason("note.blanks_in_cells", count=f"{count:,}", column=shown(name))
        for name, count in zip(kept, read.stripped, strict=True)
        if count
    ]
    return Cells(columns, np.asarray(read.lines, np.int64), tuple(note for note in notes if note))


def _csv_error_text(error: csv.Error) -> str:
    what, _, where = str(error).partition(", in the row ")
    place = f" (in the row {where})" if where else ""
    if what.startswith("field larger than field limit"):
        return (
            f"a cell has more than {csv.field_size_limit():,} characters, or a quotation mark is never closed{place}; "
            "shorten the cell or close the quotation"
        )
    return f"it is no table with separated columns: {what}{place}"


def _lines(stream: TextIO) -> Iterator[str]:
    """Yields lines, without reading a file that has no line ends into memory."""
    while line := stream.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"a line is longer than {LONGEST_LINE:,} characters")
        yield line


def _records(path: Path, encoding: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yields the line on which each row begins and its cells; blank lines are skipped."""
    with path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(
            islice(_lines(stream), skipped, None), delimiter=delimiter, skipinitialspace=True, strict=True
        )
        begin = skipped + 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield begin, cells
                begin = skipped + reader.line_num + 1
        except csv.Error as error:
            raise csv.Error(f"{error}, in the row that begins in line {begin:,}") from error


def _find_layout(path: Path, encoding: str, given: str | None) -> _Layout:
    skipped, declared, notes = _lines_before(path, encoding)
    given = given if given is not None else declared
    tried = [given] if given is not None else list(_DELIMITERS)
    looks = {delimiter: _look(path, encoding, delimiter, skipped) for delimiter in tried}
    best = max(looks, key=lambda delimiter: looks[delimiter].rank)
    if given is None and looks[best].rank[0] == 0:
        best = ","  # one column, or no table: the usual delimiter's own words say best what is wrong
    look = looks[best]
    if look.error is not None:
        raise look.error
    if given is None and best != ",":
        sign = reason(f"delimiter.{_DELIMITERS[best]}")
        notes += (reason("note.delimiter", table=path.name, sign=sign),)
    header = tuple(
        name.strip().lstrip("\ufeff").strip() for name in look.header
    )  # of files joined, each with a mark
    while len(header) > 1 and not header[-1]:  # a delimiter ends every line
        header = header[:-1]
    if look.names_missing:
        header = ("", *header)
    padded = [name for name, given_name in zip(header, look.header, strict=False) if name != given_name]
    if padded and not look.names_missing:
        notes += (reason("note.blanks_in_names", names=[shown(name) for name in padded[:_EXAMPLES]]),)
    return _Layout(best, skipped, header, notes)


@dataclass(frozen=True)
class _Look:
    """The beginning of a table as split by one delimiter; the highest rank fits best."""

    header: tuple[str, ...]
    names_missing: bool
    rank: tuple[Any, ...]
    error: csv.Error | None = None


def _look(path: Path, encoding: str, delimiter: str, skipped: int) -> _Look:
    try:
        rows = [cells for _, cells in islice(_records(path, encoding, delimiter, skipped), _ROWS_LOOKED_AT)]
    except csv.Error as error:
        return _Look((), False, (0, 0, 0), error)
    if not rows:
        return _Look((), False, (0, 0, 0))
    header, body = rows[0], rows[1:]
    while len(header) > 1 and not header[-1].strip():
        header = header[:-1]
    widths = [_width(cells, len(header)) for cells in body]
    # A table saved with the names of its rows has one name fewer than columns.
    names_missing = (
        bool(widths) and all(width == len(header) + 1 for width in widths) and _have_row_names(rows)
    )
    wide = len(header) + names_missing
    fitting = sum(width == wide for width in widths) / max(len(widths), 1)
    sure = 0 if wide < 2 else 1 if fitting < 0.5 else 2
    names_files = any(could_name_files(name) for name in header)
    usual = list(_DELIMITERS).index(delimiter) if delimiter in _DELIMITERS else 0
    rank = (sure, names_files, round(fitting, 1), not names_missing, wide, -usual)
    return _Look(tuple(header), names_missing, rank)


def _have_row_names(rows: list[list[str]]) -> bool:
    """Whether the first cells number the rows, or are the file names that no header announces."""
    firsts = [cells[0].strip() for cells in rows[1:]]
    numbered = firsts in ([str(k) for k in range(start, start + len(firsts))] for start in (0, 1))
    return numbered or not any(could_name_files(name) for name in rows[0])


def _width(cells: list[str], wanted: int) -> int:
    """Returns how many cells a row has, without empty ones that stand beyond the header."""
    width = len(cells)
    while width > wanted and not cells[width - 1].strip():
        width -= 1
    return width


def _lines_before(path: Path, encoding: str) -> tuple[int, str | None, tuple[Reason, ...]]:
    """Returns how many lines stand before the header, the delimiter that one of them declares, and a note on them.

    These are comments that begin with #, the line `sep=;` that Excel reads, and the number of rows as in CelebA's
    lists.
    """
    comments = 0
    with path.open(encoding=encoding, newline="") as stream:
        lines = (line.strip() for line in _lines(stream))
        first = next(lines, "")
        while first.startswith("#") and not _holds_delimiter(first):
            comments += 1
            first = next(lines, "")
        second = next(lines, "")
    if comments and first:
        return comments, None, (reason("note.comment_lines", table=path.name, count=f"{comments:,}"),)
    declared = _DECLARED.fullmatch(first)
    if declared and second:
        return 1, declared[1], ()
    if first.isdecimal() and second and not second.isdecimal():
        return 1, None, (reason("note.count_line", table=path.name, line=first),)
    return 0, None, ()


def _holds_delimiter(line: str) -> bool:
    """Returns whether a line could be a header that begins with #, as NumPy writes it."""
    return any(sign in line for sign in _DELIMITERS if sign != " ")


def _read_rows(path: Path, encoding: str, layout: _Layout, kept: Sequence[int]) -> _Read:
    wide = len(layout.header)
    read = _Read([], stripped=[0] * len(kept))
    records = _records(path, encoding, layout.delimiter, layout.skipped_lines)
    next(records, None)  # the header
    while batch := list(islice(records, _ROWS_A_BATCH)):
        fitting = []
        for line, cells in batch:
            width = _width(cells, wide)
            if width == wide:
                fitting.append(cells)
                read.lines.append(line)
                continue
            read.wrong += 1
            if read.wrong <= _EXAMPLES:
                read.wrong_width.append(f"line {line:,} has {width:,} cells")
        columns = []
        for k, index in enumerate(kept):
            given = [cells[index] for cells in fitting]
            plain = [cell.strip() for cell in given]
            read.stripped[k] += sum(a != b for a, b in zip(given, plain, strict=True))
            columns.append(pa.array(plain, pa.string()))
        read.batches.append(columns)
    return read
