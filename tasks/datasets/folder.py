"""A user's own images: a folder of image files and a table of their attributes."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from latent_audit.tasks.datasets.images.decoding import Decoded, Square, decode
from latent_audit.tasks.datasets.images.image_listing import on_disk
from latent_audit.tasks.datasets.own.own_images import DecodeRow, OwnImagesSettings
from latent_audit.tasks.datasets.tables.class_folders import read_class_folders, read_unlabelled
from latent_audit.tasks.datasets.tables.file_column import FILE_COLUMN
from latent_audit.tasks.datasets.tables.folder_table import FolderTable, TableReading, read_table
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_encoding import known_text_encoding


class FolderSettings(OwnImagesSettings):
    """Paths of the images and their table, and how to read them."""

    # Moving the images changes nothing: the content of table and images stands for them.
    not_in_key: ClassVar[frozenset[str]] = frozenset({"folder", "table"})

    kind: Literal["folder"] = Field("folder", description="your own images and a table of their attributes")
    folder: Path = Field(
        description="folder of jpg, png, webp, bmp, gif, tiff, jp2 or avif files; folders inside it are searched too"
    )
    table: Path | None = Field(
        None,
        description=f"CSV or parquet with a column `{FILE_COLUMN}` (path below the folder) and a column an attribute; "
        "null: the folders below `folder` are the classes of one attribute",
    )
    name: str = Field("folder", min_length=1, description="what to call the data set in the report")
    file_column: str | None = Field(
        None, description="column with the images' names; null: `file`, else found by header and content"
    )
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="sign between the columns of the table; null: found out"
    )
    encoding: Annotated[str, AfterValidator(known_text_encoding)] | None = Field(
        None, description="encoding of the table, as in utf-8, cp1252 or gb18030; null: found out"
    )

    @model_validator(mode="after")
    def _table_or_none(self) -> Self:
        if self.unlabelled and self.table is not None:
            raise ValueError("unlabelled images have no table: leave out table, or unlabelled")
        return self

    @property
    def place(self) -> Path:
        """The folder of the images."""
        return self.folder

    @property
    def _labels_place(self) -> Path:
        return self.table or self.folder

    def _opened(self) -> tuple[FolderTable, DecodeRow]:
        if self.unlabelled:
            table = read_unlabelled(self.folder, self.fewest_images)
        elif self.table is None:
            table = read_class_folders(self.folder, self.fewest_images)
        else:
            reading = TableReading(
                self.delimiter,
                self.encoding,
                self.file_column,
                self.missing_values,
                self.on_problem == "skip",
            )
            table = read_table(self.table, self.folder, self.attributes, self.fewest_images, reading)

        def decode_row(row: int, square: Square) -> Decoded:
            name = table.files[row]
            return decode(self.folder / on_disk(name), shown(name), square)

        return table, decode_row
