"""Reads a user's table and compares it with the folder of images; reports all mismatches in one message."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import BadTable, MissingFile
from latent_audit.tasks.datasets.images.image_listing import IMAGE_SUFFIXES, Listing, list_images, on_disk
from latent_audit.tasks.datasets.tables.cell_numbers import read_numbers
from latent_audit.tasks.datasets.tables.column_types import empty_cells
from latent_audit.tasks.datasets.tables.file_column import NoFileColumn, could_name_files, find_file_column
from latent_audit.tasks.datasets.tables.image_names import UNICODE_FORM, ImageNames, Match
from latent_audit.tasks.datasets.tables.parquet_cells import is_parquet, read_parquet
from latent_audit.tasks.datasets.tables.shown_text import differing, seen_as, shown
from latent_audit.tasks.datasets.tables.table_cells import Cells, read_cells
from latent_audit.tasks.datasets.tables.table_column import Column
from latent_audit.vocabulary.reasons import Reason, reason

MAX_COLUMNS = 1_000
_EXAMPLES = 5


@dataclass(frozen=True)
class TableReading:
    """How to read a table; null detects it. skips: whether rows and images without a partner are left out."""

    delimiter: str | None = None
    encoding: str | None = None
    file_column: str | None = None
    missing_values: tuple[str, ...] = ("",)
    skips: bool = False


@dataclass(frozen=True)
class FolderTable:
    """A table that matches its folder.

    files: the image of each row, below the folder. names: of the columns to audit. lines: where each row begins.
    """

    files: tuple[str, ...]
    names: tuple[str, ...]
    cells: Mapping[str, pa.ChunkedArray]
    lines: NDArray[np.int64]
    notes: tuple[Reason, ...]

    def column(self, name: str) -> Column:
        """Returns a column with its distinct cells, computed on demand to save memory."""
        return Column.of(name, self.cells[name], self.lines)


def read_table(
    path: Path,
    folder: Path,
    attributes: tuple[str, ...] | None,
    fewest_images: int,
    reading: TableReading = TableReading(),
) -> FolderTable:
    """Returns the rows of a table, each with its image, and the columns of the attributes.

    Raises MissingFile where table or folder is absent, BadTable with all else that is wrong.
    """
    if not path.is_file():
        raise MissingFile(
            f"there is no table at {path}; data.table names a file of text with a column `file`"
        )
    if not folder.is_dir():
        raise MissingFile(f"there is no folder at {folder}; data.folder names the folder of your images")
    keep_columns = _keep(path, attributes, reading.file_column)
    cells = (
        read_parquet(path, keep_columns)
        if is_parquet(path)
        else read_cells(path, reading.encoding, reading.delimiter, keep_columns)
    )
    listing = list_images(folder)
    names = ImageNames(listing.images, folder)
    file_column: str | None = None
    how_found: Reason | None = None
    unfit: list[str] = []
    try:
        file_column, how_found = find_file_column(cells.columns, reading.file_column, names)
    except NoFileColumn as error:
        unfit.append(str(error))
    chosen, notes, problems = _attribute_columns(cells, file_column, attributes)
    if file_column is None or problems:
        raise BadTable(f"the columns of {path} do not fit:", (*unfit, *problems))
    written = Column.of(file_column, cells.columns[file_column], cells.lines)
    matches = [names.match(name) for name in written.distinct]
    problems = [*_file_problems(written, matches, listing, folder)]
    skipped = [reason("note.skipped", problem=problem) for problem in problems] if reading.skips else []
    keep = _with_an_image_of_their_own(written, matches)
    if reading.skips:
        problems = []
    count = int(keep.sum()) if reading.skips else len(cells.lines)
    if count < fewest_images:
        what = "rows with an image" if reading.skips else "rows"
        problems.append(
            f"there are {count:,} {what} and at least {fewest_images:,} are needed (data.fewest_images)"
        )
    if problems:
        columns = (Column.of(name, cells.columns[name], cells.lines) for name in chosen)
        empty = (empty_cells(c, read_numbers(c.distinct, "."), reading.missing_values) for c in columns)
        problems += [problem for problem in empty if problem]
        raise BadTable(f"{path} and the images in {folder} do not fit together:", tuple(problems))
    rows = np.flatnonzero(keep)
    files = tuple(matches[code].path or "" for code in written.codes[rows])
    notes = [
        *cells.notes,
        *([how_found] if how_found else []),
        *notes,
        *_match_notes(written, matches),
        *skipped,
        *listing_notes(listing),
    ]
    kept = cells.columns
    if len(rows) < len(keep):
        kept = {name: column.take(pa.array(rows)) for name, column in kept.items()}
    return FolderTable(files, tuple(chosen), kept, cells.lines[rows], tuple(notes))


def _with_an_image_of_their_own(written: Column, matches: Sequence[Match]) -> NDArray[np.bool_]:
    """Returns which rows name an image that no other row names."""
    counts = Counter[str]()
    for match, count in zip(matches, written.counts, strict=True):
        if match.path:
            counts[match.path] += int(count)
    alone = np.array([bool(match.path) and counts[match.path or ""] == 1 for match in matches], bool)
    return np.asarray(alone[written.codes] if len(alone) else np.zeros(len(written.codes), bool))


def _keep(
    path: Path, attributes: tuple[str, ...] | None, file_column: str | None
) -> Callable[[list[str]], Sequence[str]]:
    def keep(header: list[str]) -> Sequence[str]:
        repeated = [name for name, count in Counter(header).items() if count > 1 and name]
        problems = []
        if repeated:
            listed = ", ".join(repr(shown(name)) for name in sorted(repeated)[:_EXAMPLES])
            problems.append(
                f"these column names stand more than once: {listed}{', ...' if len(repeated) > _EXAMPLES else ''}"
            )
        if header.count("") > 1:
            places = [str(place) for place, name in enumerate(header, 1) if not name][:_EXAMPLES]
            problems.append(
                f"columns {', '.join(places)} have no name; write names for them into the first line"
            )
        problems += [
            f"these column names look alike: {', '.join(map(differing, twins))}; rename one"
            for twins in _look_alike(header)
        ]
        wanted = header
        if len(header) > MAX_COLUMNS:
            chosen = frozenset(attributes or ())
            wanted = [n for n in header if n in chosen or n == file_column or could_name_files(n)]
            if attributes is None or len(wanted) > MAX_COLUMNS:
                problems.append(
                    f"there are {len(header):,} columns, and at most {MAX_COLUMNS:,} can be audited; name those to "
                    "audit in data.attributes"
                )
        if problems:
            raise BadTable(f"the columns of {path} do not fit:", tuple(problems))
        return wanted

    return keep


def _look_alike(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns groups of different names that only invisible signs or the Unicode form of accents tell apart."""
    groups: dict[str, dict[str, None]] = {}
    for name in names:
        groups.setdefault(seen_as(name), {})[name] = None
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _attribute_columns(
    cells: Cells, file_column: str | None, attributes: tuple[str, ...] | None
) -> tuple[list[str], list[Reason], list[str]]:
    """Returns the columns to audit, notes on the others, and their problems."""
    header = list(cells.columns)
    notes: list[Reason] = []
    problems: list[str] = []
    others = [name for name in header if name != file_column]
    indexes = [name for name in others if _is_saved_index(name, cells)]
    if attributes is None:
        if indexes:
            name = indexes[0]
            notes.append(
                reason("note.saved_index", column=name) if name else reason("note.saved_index_nameless")
            )
            others = [name for name in others if name not in indexes]
        if "" in others:
            problems.append(
                f"column {header.index('') + 1} has no name; write one into the first line, or name those to audit in "
                "data.attributes"
            )
        if not others:
            left = (
                f"; left out, as they hold no words or numbers: {_listed(cells.left_out)}"
                if cells.left_out
                else ""
            )
            problems.append(f"there is no attribute column{left}")
        return others, notes, problems
    problems += [
        _no_column(name, [other for other in header if other != file_column], cells.left_out)
        for name in attributes
        if name not in header or name == file_column
    ]
    return list(attributes), notes, problems


def _no_column(name: str, header: Sequence[str], left_out: Sequence[str]) -> str:
    """Returns a sentence on a name of data.attributes that no column has."""
    if name in left_out:
        return f"column {shown(name)!r}, which data.attributes names, holds no words or numbers"
    twin = next((other for other in header if seen_as(other) == seen_as(name)), None)
    if twin is not None:
        return (
            f"there is no column {differing(name)}, which data.attributes names; there is {differing(twin)}, which "
            "looks alike"
        )
    close = get_close_matches(name, header, n=1)
    meant = f"; did you mean {shown(close[0])!r}?" if close else ""
    return f"there is no column {shown(name)!r}, which data.attributes names{meant}"


def _is_saved_index(name: str, cells: Cells) -> bool:
    """Whether a column without a name of its own holds 0, 1, 2, ... or 1, 2, 3, ..."""
    if name and not name.startswith("Unnamed: "):
        return False
    values = cells.columns[name].to_pylist()
    start = values[0] if values else ""
    return (
        len(values) > 1
        and start in ("0", "1")
        and values == [str(k) for k in range(int(start), int(start) + len(values))]
    )


def _file_problems(
    written: Column, matches: Sequence[Match], listing: Listing, folder: Path
) -> Iterator[str]:
    rows_of = Counter[str]()
    for name, match, count in zip(written.distinct, matches, written.counts, strict=True):
        rows_of[match.path or name] += int(count)
    empty = rows_of.pop("", 0)
    if empty:
        yield f"{empty:,} rows name no image: the cell of the file name is empty"
    repeated = [name for name, count in rows_of.items() if count > 1]
    if repeated:
        yield _examples(repeated, "file names stand in more than one row")
    pairs = [
        (name, match)
        for name, match in zip(written.distinct, matches, strict=True)
        if name and not match.path
    ]
    escaping = [name for name, match in pairs if match.leads_out]
    if escaping:
        yield _examples(escaping, "paths are absolute or lead out of the folder; write them relative to it")
    for name, match in [pair for pair in pairs if pair[1].several][:_EXAMPLES]:
        fitting = ", ".join(differing(path) for path in match.several[:_EXAMPLES])
        yield (
            f"{differing(name)} could be any of these images, which differ in case, extension or the Unicode form of "
            f"their names alone: {fitting}; write the name as the file has it"
        )
    absent = [name for name, match in pairs if not match.leads_out and not match.several]
    yield from _absent(absent, listing, folder)
    unlisted = sorted(set(listing.images) - rows_of.keys())
    if unlisted:
        yield _examples(unlisted, "images have no row in the table; add rows or move them away")
    if listing.unreadable:
        yield _examples(listing.unreadable, "folders cannot be read, so their images are not known")
    if listing.not_utf8:
        yield _examples(listing.not_utf8, "images have names that are not UTF-8; rename them")
    if listing.not_files:
        yield _examples(
            listing.not_files, "names of images belong to no regular files (pipes, devices, broken links)"
        )


def _absent(absent: Sequence[str], listing: Listing, folder: Path) -> Iterator[str]:
    """Explains for each name why it has no image, as far as the folder shows."""
    kinds = (
        (listing.outside, "images are links that lead out of the folder"),
        (listing.hidden, "rows name a hidden or system file, which is left out"),
        (listing.other_kinds, "rows name an image of a kind that is not read; convert it to PNG or JPEG"),
    )
    left = list(absent)
    for paths, what in kinds:
        known = ImageNames(paths, folder)
        found = [name for name in left if known.match(name).path]
        if found:
            yield _examples(found, what)
            left = [name for name in left if name not in frozenset(found)]
    linked = tuple(f"{name}/" for name in listing.linked_folders)
    behind = [
        name for name in left if linked and name.replace("\\", "/").removeprefix("./").startswith(linked)
    ]
    if behind:
        yield _examples(
            behind,
            f"rows name an image that is not in {folder} itself but in a linked folder; links to "
            "folders are not followed: copy the images, or name the folder that the link leads to",
        )
        left = [name for name in left if name not in frozenset(behind)]
    nameless = [name for name in left if _is_file(folder, name)]
    if nameless:
        yield _examples(
            nameless,
            f"rows name a file whose name does not end as an image's ({', '.join(IMAGE_SUFFIXES)}); rename it",
        )
        left = [name for name in left if name not in frozenset(nameless)]
    if left:
        yield _examples(left, f"rows name an image that is not in {folder}")


def _is_file(folder: Path, name: str) -> bool:
    """Returns whether a name that leads to no image names a file of the folder as it stands."""
    try:
        return (folder / on_disk(name)).is_file()
    except (OSError, ValueError):  # longer than a name may be, or with a zero byte
        return False


def _match_notes(written: Column, matches: Sequence[Match]) -> Iterator[Reason]:
    ways: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for name, match in zip(written.distinct, matches, strict=True):
        if match.path and match.how:
            ways.setdefault(match.how, []).append((name, match.path))
    for how, pairs in ways.items():
        name, path = pairs[0]
        text = differing if UNICODE_FORM in how else shown
        yield reason(
            "note.matched",
            count=f"{len(pairs):,}",
            how=[reason(f"name.{way}") for way in how],
            name=text(name),
            path=text(path),
        )


def listing_notes(listing: Listing) -> Iterator[Reason]:
    """Yields a note on each group of files that are left out of a folder."""
    kinds = {
        "hidden": listing.hidden,
        "outside": listing.outside,
        "linked_folders": listing.linked_folders,
        "other_kinds": listing.other_kinds,
    }
    for kind, paths in kinds.items():
        if paths:
            yield reason(f"left_out.{kind}", count=f"{len(paths):,}", names=_listed(paths))


def _examples(names: Sequence[str], what: str) -> str:
    return f"{len(names):,} {what}: {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(shown(name) for name in names[:_EXAMPLES])
    return f"{listed}{', ...' if len(names) > _EXAMPLES else ''}"
