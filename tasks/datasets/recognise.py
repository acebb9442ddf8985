"""Recognises data by a path: a folder of images, with classes or without, a table, arrays; prints nothing itself."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.images.image_listing import list_images
from latent_audit.tasks.datasets.own.npz_images import is_npz, open_npz
from latent_audit.tasks.datasets.own.parquet_images import open_parquet, parquet_files
from latent_audit.tasks.datasets.tables.parquet_cells import is_parquet, read_parquet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_cells import Cells, read_cells
from latent_audit.vocabulary.reasons import Reason

_SHOWN = 12
_TABLES = (".csv", ".tsv", ".txt", ".tab")
_NUMPY = b"\x93NUMPY"


@dataclass(frozen=True)
class RecognisedData:
    """What a path holds. found: a line on each thing that was found. settings: of section data, None if not enough."""

    what: str
    found: tuple[str | Reason, ...] = ()
    settings: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()


def recognise_data(path: Path) -> RecognisedData | None:
    """Returns what data a file or folder holds; None for what is no data of a form that is known.

    Raises OSError for a path that cannot be read.
    """
    if path.is_dir():
        return _folder(path) or _image_file(path)
    if path.stat().st_size and is_parquet(path):
        return _image_file(path) or _table(path)
    if is_npz(path):
        return _image_file(path)
    with path.open("rb") as stream:
        if stream.read(len(_NUMPY)) == _NUMPY:
            return _array(path)
    return _table(path) if path.suffix.lower() in _TABLES else None


def _folder(path: Path) -> RecognisedData | None:
    listing = list_images(path)
    if not listing.images:
        return None
    counts = Counter(name.partition("/")[0] for name in listing.images if "/" in name)
    loose = sum("/" not in name for name in listing.images)
    found = [f"{len(listing.images):,} images"]
    if counts and not loose and len(counts) > 1:
        listed = ", ".join(f"{shown(name)} {count:,}" for name, count in sorted(counts.items())[:_SHOWN])
        found.append(f"{len(counts):,} folders of classes: {listed}{', ...' if len(counts) > _SHOWN else ''}")
        return RecognisedData(
            "a folder of images in folders of classes", tuple(found), {"kind": "folder", "folder": str(path)}
        )
    return RecognisedData(
        "a folder of images",
        tuple(found),
        {"kind": "folder", "folder": str(path), "table": "TABLE.csv"},
        (
            "a table with a column `file` and a column for each attribute; or, in its place, unlabelled: true, which "
            "measures attributes in the pixels",
        ),
    )


def _image_file(path: Path) -> RecognisedData | None:
    """Returns what a file of images and labels holds, None for one without images."""
    try:
        opened = open_npz(path, None) if is_npz(path) else None
        if opened is None:
            files = parquet_files(path)
            opened = open_parquet(path, files, None) if files else None
    except DataError as error:
        if not is_npz(path):  # a table without images
            return None
        return RecognisedData("a file of NumPy arrays", missing=(" ".join(str(error).split()),))
    if opened is None:
        return None
    table = opened[0]
    listed = ", ".join(map(shown, table.names[:_SHOWN]))
    return RecognisedData(
        "a file of images and labels",
        (
            f"{len(table.files):,} images; labels: {listed}{', ...' if len(table.names) > _SHOWN else ''}",
            *table.notes,
        ),
        {"kind": "file", "path": str(path)},
    )


def _table(path: Path) -> RecognisedData:
    def all_columns(header: list[str]) -> list[str]:
        return header

    try:
        cells: Cells = (
            read_parquet(path, all_columns) if is_parquet(path) else read_cells(path, None, None, all_columns)
        )
    except DataError as error:
        return RecognisedData("a table that cannot be read", missing=(" ".join(str(error).split()),))
    names = list(cells.columns)
    listed = ", ".join(map(shown, names[:_SHOWN]))
    return RecognisedData(
        "a table",
        (
            f"{len(cells.lines):,} rows of {len(names):,} columns: {listed}{', ...' if len(names) > _SHOWN else ''}",
            *cells.notes,
        ),
        {"kind": "folder", "folder": "FOLDER", "table": str(path)},
        ("the folder of the images that it names",),
    )


def _array(path: Path) -> RecognisedData:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        return RecognisedData("a NumPy array that cannot be read", missing=(" ".join(str(error).split()),))
    return RecognisedData(
        "a NumPy array",
        (f"{array.dtype} of shape {array.shape}",),
        missing=(
            "for codes their labels: latent-audit codes PATH --labels TABLE --output FOLDER; for images a program: "
            "latent_audit.audit (docs/python.md)",
        ),
    )
