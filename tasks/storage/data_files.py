"""Input files of a run, of a data set or of a model trained elsewhere: their paths and digests."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DataFiles:
    """Files below `folder` by name, with the SHA-256 of each. Content keys cover only the digests."""

    folder: Path
    sha256: Mapping[str, str]

    def key_part(self) -> Any:
        """Returns what a content key may depend on."""
        return dict(self.sha256)


@dataclass(frozen=True)
class ModelFiles:
    """Files of one model by the setting that names them, with the SHA-256 of each.

    Content keys cover only the digests.
    """

    places: Mapping[str, Path]
    sha256: Mapping[str, str]

    def key_part(self) -> Any:
        """Returns what a content key may depend on."""
        return dict(self.sha256)
