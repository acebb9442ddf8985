"""A user's own images: a folder of image files and a CSV table that says what is on each."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tasks.datasets.choosing import OnProgress, choose_rows
from tasks.datasets.column_types import ColumnType, typed_columns
from tasks.datasets.decoding import Square, decode
from tasks.datasets.errors import BadTable, ConstantAttribute, DataError
from tasks.datasets.folder_table import FILE_COLUMN, read_table
from tasks.datasets.image_set import ImageSet
from tasks.datasets.memory_map import new_images
from tasks.datasets.remote_file import RemoteFile

_MOST_PROBLEMS_NAMED = 20


class FolderSettings(BaseModel):
    """Where the images and their table are, and how to read them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Moving the images changes nothing: the content of table and images stands for them.
    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "table"})

    kind: Literal["folder"] = Field("folder", description="your own images and a CSV of their attributes")
    folder: Path = Field(
        description="folder of jpg, png, webp or bmp files; folders inside it are searched too"
    )
    table: Path = Field(
        description=f"CSV with a column `{FILE_COLUMN}` (path below the folder) and a column an attribute"
    )
    name: str = Field("folder", min_length=1, description="what to call the data set in the report")
    description: str = Field("A user's own images.", description="what the images show")
    licence: str = Field("not stated", description="terms under which the images may be used")
    image_size: int = Field(64, ge=16, le=256, description="side of an image in pixels, after a central crop")
    channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for colour")
    attributes: tuple[str, ...] | None = Field(
        None, min_length=1, description="columns to audit; null takes all but the file names"
    )
    types: dict[str, ColumnType] = Field(
        default_factory=dict,
        description="types that replace inferred ones, as in {grade: ordinal, angle: {kind: cyclic, period: 360}}",
    )
    images: int | None = Field(None, ge=1, description="images drawn without repetition; null takes all")
    fewest_images: int = Field(100, ge=2, description="a table with fewer images than this is refused")
    pixel_limit: int = Field(64_000_000, ge=1, description="an image of more pixels than this is refused")

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns nothing: the images are the user's own."""
        return ()

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the images that the table names, in its order, decoded one by one to `workspace/images.npy`.

        Raises BadTable with every problem of table, folder and types found; CorruptImage or TooLarge for one bad
        image, BadTable for several; ConstantAttribute where the drawn images agree on one.
        """
        table = read_table(self.table, self.folder, self.attributes, self.fewest_images)
        attributes, values, problems = typed_columns(table, self.types)
        if problems:
            raise BadTable(f"{self.table} cannot be used yet:", problems)
        rows = choose_rows(len(table), self.images, seed, self.name)
        constant = [a.name for a, v in zip(attributes, values[rows].T, strict=True) if v.min() == v.max()]
        if constant:
            raise ConstantAttribute(
                f"all {len(rows):,} chosen images agree on {', '.join(constant)}; raise data.images or leave these out "
                "of data.attributes"
            )
        images = _decode_all(table[FILE_COLUMN].iloc[rows], self, workspace, on_progress)
        return ImageSet(
            name=self.name,
            images=images,
            attributes=attributes,
            values=values[rows],
            description=self.description,
            source=self.folder.name,
            licence=self.licence,
        )


def _decode_all(
    names: pd.Series, settings: FolderSettings, workspace: Path, on_progress: OnProgress | None
) -> NDArray[np.uint8]:
    square = Square(settings.image_size, settings.channels, pixel_limit=settings.pixel_limit)
    images = new_images(workspace, len(names), settings.channels, settings.image_size)
    refused: list[DataError] = []
    for row, name in enumerate(names):
        try:
            images[row] = decode(settings.folder / name, name, square)
        except DataError as error:
            refused.append(error)
            if len(refused) == _MOST_PROBLEMS_NAMED:
                break
        if on_progress is not None and ((row + 1) % 500 == 0 or row + 1 == len(names)):
            on_progress(row + 1, len(names))
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise BadTable(
            f"images in {settings.folder} cannot be used (the first {_MOST_PROBLEMS_NAMED} at most are named):",
            tuple(str(error) for error in refused),
        )
    images.flush()
    return images
