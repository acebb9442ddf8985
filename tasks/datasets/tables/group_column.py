"""The column of a user's table that says which images belong together."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.tables.folder_table import FolderTable
from latent_audit.tasks.datasets.tables.shown_text import shown


def group_column(
    table: FolderTable, name: str | None, names_are_chosen: bool
) -> tuple[tuple[str, ...], NDArray[np.int64] | None, str]:
    """Returns the names of the attributes, the group (n,) of each row, None where no column is named, and a problem.

    The column of groups is no attribute, unless the settings name it as one.
    """
    if name is None:
        return table.names, None, ""
    if name not in table.cells:
        return table.names, None, f"there is no column {shown(name)!r}, which data.groups names"
    column = table.column(name)
    empty = np.array([not text.strip() for text in column.distinct])
    if empty.any():
        rows = int(column.counts[empty].sum())
        return (
            table.names,
            None,
            (
                f"column {shown(name)!r}, which data.groups names, is empty in {rows:,} rows ({column.where(empty)}); "
                "give each image that belongs to none a name of its own"
            ),
        )
    names = table.names if names_are_chosen else tuple(one for one in table.names if one != name)
    return names, column.codes, ""
