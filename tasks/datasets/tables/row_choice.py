"""Rows that are left out of a table, and columns of several labels that become one attribute for each label."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import BadTable
from latent_audit.tasks.datasets.tables.folder_table import FolderTable
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason

_MAX_LABELS = 200
YES, NO = "yes", "no"


def kept_rows(table: FolderTable, keep: NDArray[np.bool_], notes: Sequence[Reason]) -> FolderTable:
    """Returns the table with the rows to keep alone, and more notes."""
    rows = np.flatnonzero(keep)
    return replace(
        table,
        files=tuple(table.files[row] for row in rows),
        cells={name: cells.take(pa.array(rows)) for name, cells in table.cells.items()},
        lines=table.lines[rows],
        notes=(*table.notes, *notes),
    )


def without_missing(table: FolderTable, words: Sequence[str]) -> FolderTable:
    """Returns the table without the rows in which an attribute has no value; the share of each column is said."""
    missing = {name: _missing(table.cells[name], words) for name in table.names}
    keep = ~np.any(list(missing.values()), axis=0)
    shares: list[str | Reason] = [
        reason("note.missing_share", column=shown(name), share=f"{gone.mean():.1%}")
        for name, gone in missing.items()
        if gone.any()
    ]
    if not shares:
        return table
    count, total = f"{int((~keep).sum()):,}", f"{len(keep):,}"
    return kept_rows(table, keep, (reason("note.missing", count=count, total=total, shares=shares),))


def _missing(cells: pa.ChunkedArray, words: Sequence[str]) -> NDArray[np.bool_]:
    found = pc.is_in(cells, value_set=pa.array(["", *words], pa.string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), bool)


def with_labels_apart(table: FolderTable, separators: Mapping[str, str]) -> FolderTable:
    """Returns the table with a column yes or no for each label of the columns that hold several.

    separators: by column, the sign between labels, as in "smiling|hat". Raises BadTable.
    """
    unknown = [name for name in separators if name not in table.names]
    if unknown:
        raise BadTable(
            "the columns of several labels do not fit:",
            tuple(f"there is no column {shown(name)!r}, which data.labels names" for name in unknown),
        )
    cells, names = dict(table.cells), list(table.names)
    for name, separator in separators.items():
        given = [
            {label.strip() for label in cell.split(separator) if label.strip()}
            for cell in table.cells[name].to_pylist()
        ]
        labels = sorted(set().union(*given))
        if len(labels) > _MAX_LABELS:
            raise BadTable(
                "the columns of several labels do not fit:",
                (
                    f"column {shown(name)!r} has {len(labels):,} labels, and at most {_MAX_LABELS} can be audited",
                ),
            )
        place = names.index(name)
        names[place : place + 1] = [f"{name}: {label}" for label in labels]
        for label in labels:
            cells[f"{name}: {label}"] = pa.chunked_array(
                [pa.array([YES if label in one else NO for one in given], pa.string())]
            )
    return replace(table, cells=cells, names=tuple(names))
