"""What the settings of every downloaded data set share: where its files may come from."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class PublicDataSettings(BaseModel):
    """Where the files of a public data set come from; `mirror` is for whoever fetches, loaders do not read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Where the files come from does not change what they are: their digests stand for them.
    not_in_key: ClassVar[frozenset[str]] = frozenset({"mirror"})

    mirror: str | None = Field(
        None,
        min_length=1,
        description="folder (used in place) or base URL that has the files; null takes the public addresses",
    )
