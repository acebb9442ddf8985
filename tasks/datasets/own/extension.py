"""Images and attributes that an installed package offers by an entry point of the group `latent_audit.datasets`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from latent_audit.tasks.datasets.errors import BadTable, DataError, MissingFile
from latent_audit.tasks.datasets.own.npz_images import open_arrays
from latent_audit.tasks.datasets.own.own_images import DecodeRow, OwnImagesSettings
from latent_audit.tasks.datasets.tables.folder_table import FolderTable
from latent_audit.vocabulary.extensions import DATASETS, BadExtension, Extension, find, load
from latent_audit.vocabulary.machine_errors import raise_machine_error


class ExtensionDataSettings(OwnImagesSettings):
    """A data set of a third party: its function returns arrays by name, as an npz file holds them."""

    kind: Literal["extension"] = Field("extension", description="a data set that an installed package offers")
    entrypoint: str = Field(
        pattern=r"^\w[\w.-]{0,99}$",
        description="name of an entry point of the group latent_audit.datasets: a function that returns a mapping of "
        "arrays, images and one array an attribute, as an npz file holds them",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="named arguments of the function")
    name: str = Field("extension", min_length=1, description="what to call the data set in the report")

    @property
    def extension(self) -> Extension:
        """The package and the function behind the name; raises MissingFile where nothing is installed."""
        try:
            return find(DATASETS, self.entrypoint)
        except BadExtension as error:
            raise MissingFile(str(error)) from error

    @property
    def place(self) -> Path:
        """What the record calls the source: the name with package, version and function."""
        return Path(self.extension.described)

    def _opened(self) -> tuple[FolderTable, DecodeRow]:
        described = self.extension.described
        try:
            arrays = load(DATASETS, self.entrypoint)(**self.arguments)
        except BadExtension as error:
            raise DataError(str(error)) from error
        except Exception as error:  # code that is not ours can fail in any way
            raise_machine_error(error)
            raise DataError(
                f"{described} failed: {type(error).__name__}: {str(error)[:300] or 'without a word'}"
            ) from error
        if not isinstance(arrays, Mapping) or not all(isinstance(name, str) for name in arrays):
            raise BadTable(
                f"{described} cannot be used:",
                (
                    f"it must return a mapping of arrays by name, images and attributes; got a {type(arrays).__name__}",
                ),
            )
        return open_arrays(self.place, {name: np.asarray(a) for name, a in arrays.items()}, self.asked)
