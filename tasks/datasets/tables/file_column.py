"""Finds the column of a table that names the images, by its header or its content."""

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from latent_audit.tasks.datasets.tables.image_names import ImageNames
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason

FILE_COLUMN = "file"
_USUAL = frozenset(
    {
        "file",
        "filename",
        "filepath",
        "files",
        "path",
        "paths",
        "image",
        "imagefile",
        "imagefilename",
        "imagename",
    }
    | {
        "imageid",
        "imagepath",
        "images",
        "img",
        "imgfile",
        "imgname",
        "imgid",
        "imgpath",
        "picture",
        "picturefile",
    }
    | {"photo", "filelocation", "relativepath", "relpath"}
)
_CELLS_LOOKED_AT = 200


class NoFileColumn(Exception):
    """No column names the images, or several do; the text states which there are."""


def could_name_files(name: str) -> bool:
    """Returns whether a header, such as `filename`, `Image_ID` or `path`, suggests file names."""
    return re.sub(r"[\W_]+", "", name.casefold()) in _USUAL


def find_file_column(
    columns: Mapping[str, pa.ChunkedArray], given: str | None, names: ImageNames
) -> tuple[str, Reason | None]:
    """Returns the column with the images' names and, unless it is obvious, a note on how it was found.

    Raises NoFileColumn where there is no such column or more than one.
    """
    if given is not None:
        if given not in columns:
            raise NoFileColumn(
                f"there is no column {shown(given)!r}, which data.file_column names; {_found(columns)}"
            )
        return given, None
    if FILE_COLUMN in columns:
        return FILE_COLUMN, None
    usual = [name for name in columns if could_name_files(name)]
    for candidates in (usual, list(columns)):
        shares = {name: _share(columns[name], names) for name in candidates}
        fitting = [name for name, share in shares.items() if share >= 0.5]
        if len(fitting) == 1:
            return fitting[0], _note(fitting[0])
        if len(fitting) > 1:
            listed = ", ".join(repr(shown(name)) if name else "without a name" for name in fitting)
            raise NoFileColumn(
                f"several columns name image files ({listed}); choose one with data.file_column"
            )
    if len(usual) == 1:
        return usual[0], _note(usual[0])
    raise NoFileColumn(f"there is no column `{FILE_COLUMN}` with the images' paths; {_found(columns)}")


def _note(name: str) -> Reason:
    return reason("note.file_column", column=shown(name)) if name else reason("note.file_column_nameless")


def _share(cells: pa.ChunkedArray, names: ImageNames) -> float:
    looked_at: Sequence[str] = cells.slice(0, _CELLS_LOOKED_AT).to_pylist()
    return sum(names.match(cell).path is not None for cell in looked_at) / max(len(looked_at), 1)


def _found(columns: Mapping[str, pa.ChunkedArray]) -> str:
    return (
        f"found {', '.join(shown(name) for name in list(columns)[:20])}{', ...' if len(columns) > 20 else ''}"
    )
