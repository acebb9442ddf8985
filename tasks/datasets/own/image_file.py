"""A user's own images with their labels in one file: npz as MedMNIST has it, parquet with the bytes of images."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from latent_audit.tasks.datasets.errors import BadTable, MissingFile
from latent_audit.tasks.datasets.own.npz_images import is_npz, open_npz
from latent_audit.tasks.datasets.own.own_images import DecodeRow, OwnImagesSettings
from latent_audit.tasks.datasets.own.parquet_images import open_parquet, parquet_files
from latent_audit.tasks.datasets.tables.folder_table import FolderTable


class ImageFileSettings(OwnImagesSettings):
    """One file that holds images and labels: npz, or parquet with the bytes of images."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    kind: Literal["file"] = Field("file", description="your own images and their attributes in one file")
    path: Path = Field(
        description="an npz file of arrays (images, labels; or train_images, train_labels and so on, as in MedMNIST), "
        "a parquet file with a column of image bytes (as on Hugging Face), or a folder of such parquet files"
    )
    name: str = Field("file", min_length=1, description="what to call the data set in the report")

    @property
    def place(self) -> Path:
        """The file."""
        return self.path

    def _opened(self) -> tuple[FolderTable, DecodeRow]:
        if not self.path.exists():
            raise MissingFile(f"data.path is {self.path}, and there is no such file")
        if is_npz(self.path):
            table, decode = open_npz(self.path, self.asked)
        elif files := parquet_files(self.path):
            table, decode = open_parquet(self.path, files, self.asked)
        else:
            raise BadTable(
                f"{self.path} cannot be used:",
                (
                    "it is no npz file of arrays and no parquet file; latent-audit inspect says what it is. For a "
                    "folder of image files use data.kind folder",
                ),
            )
        if len(table.files) < self.fewest_images:
            raise BadTable(
                f"{self.path} cannot be used:",
                (
                    f"it holds {len(table.files):,} images and at least {self.fewest_images:,} are needed "
                    "(data.fewest_images)",
                ),
            )
        return table, decode
