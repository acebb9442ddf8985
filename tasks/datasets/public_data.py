"""Settings shared by all downloaded data sets: the source of their files."""

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from latent_audit.tasks.datasets.errors import MissingFile


class PublicDataSettings(BaseModel):
    """Source of the files of a public data set; only the downloader uses `mirror`, loaders do not."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Where the files come from does not change what they are: their digests stand for them.
    not_in_key: ClassVar[frozenset[str]] = frozenset({"mirror", "download_bytes", "download_seconds"})

    mirror: str | None = Field(
        None,
        min_length=1,
        description="folder (used in place) or base URL that has the files; null takes the public addresses",
    )
    download_bytes: int = Field(
        4 << 30, ge=1, description="a file of unknown size is refused beyond this many bytes"
    )
    download_seconds: float = Field(
        6 * 3600.0, gt=0, description="a file that takes longer is given up; what came of it is kept"
    )


def downloaded(path: Path) -> Path:
    """Returns the path of a downloaded file; raises MissingFile."""
    if not path.is_file():
        raise MissingFile(
            f"{path} is not there; download it first, or set data.mirror to a folder that has it"
        )
    return path
