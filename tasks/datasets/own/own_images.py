"""What all forms of a user's own images share: settings, typed attributes, decoding one by one to a memory map."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from latent_audit.tasks.datasets.errors import BadTable, DataError
from latent_audit.tasks.datasets.images.choosing import OnProgress, choose_rows
from latent_audit.tasks.datasets.images.decoding import Decoded, Square
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_images
from latent_audit.tasks.datasets.own.pixel_measures import measure_pixels
from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.tasks.datasets.tables.column_doubles import double_columns, double_columns_note
from latent_audit.tasks.datasets.tables.column_types import ColumnType, TypedColumns, typed_columns
from latent_audit.tasks.datasets.tables.extreme_values import far_out
from latent_audit.tasks.datasets.tables.folder_table import FolderTable
from latent_audit.tasks.datasets.tables.group_column import group_column
from latent_audit.tasks.datasets.tables.row_choice import with_labels_apart, without_missing
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason

_MAX_PROBLEMS_NAMED = 20
_EXAMPLES = 5
# Decodes the image of a row of the table to a square.
DecodeRow = Callable[[int, Square], Decoded]


class OwnImagesSettings(BaseModel, ABC):
    """How images of one's own and their attributes are read, whatever files hold them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("images", min_length=1, description="what to call the data set in the report")
    description: str = Field("A user's own images.", description="what the images show")
    licence: str = Field("not stated", description="terms under which the images may be used")
    image_size: int = Field(64, ge=16, le=256, description="side of an image in pixels, after fitting")
    channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for colour")
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop",
        description="how an image becomes a square: crop keeps its central square, pad puts all of it on the ground, "
        "stretch changes its proportions",
    )
    ground: Literal["white", "black"] = Field(
        "white", description="what lies behind transparent pixels and beside padded images"
    )
    attributes: tuple[str, ...] | None = Field(
        None, min_length=1, description="columns to audit; null takes all but the file names"
    )
    groups: str | None = Field(
        None,
        description="column that names the person, patient, slide or video that an image is of; images of one stay "
        "together in parts, shuffles and resamples. It is no attribute",
    )
    types: dict[str, ColumnType] = Field(
        default_factory=dict,
        description="types that replace inferred ones, as in {grade: ordinal, angle: {kind: cyclic, period: 360}}",
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="sign before decimals in the table; null: found out, or asked about"
    )
    missing_values: tuple[str, ...] = Field(
        ("NaN", "nan", "NULL", "null", "#N/A", "<NA>"),
        description="words in the table that stand for a missing value, as an empty cell does",
    )
    on_missing: Literal["refuse", "leave_out", "keep"] = Field(
        "refuse",
        description="what becomes of images in which an attribute has no value: refuse; leave_out of the data; or "
        "keep, so that each attribute is judged on the images that have it",
    )
    on_problem: Literal["refuse", "skip"] = Field(
        "refuse",
        description="what becomes of rows without an image, images without a row and images that cannot be read: "
        "refuse, or skip; all are counted and named",
    )
    labels: dict[str, str] = Field(
        default_factory=dict,
        description="columns that hold several labels, with the sign between them, as in {tags: '|'}; each label "
        "becomes an attribute",
    )
    unlabelled: bool = Field(
        False,
        description="true for images without labels: attributes are measured in the pixels (brightness, contrast, "
        "place, extent, detail, colour), and what people see in the images is not tested",
    )
    images: int | None = Field(None, ge=1, description="images drawn without repetition; null takes all")
    fewest_images: int = Field(100, ge=2, description="a table with fewer images than this is refused")
    pixel_limit: int = Field(64_000_000, ge=1, description="an image of more pixels than this is refused")

    @field_validator("attributes")
    @classmethod
    def _each_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = sorted({name for name in names or () if (names or ()).count(name) > 1})
        if twice:
            raise ValueError(f"given twice: {', '.join(twice)}")
        return names

    @model_validator(mode="after")
    def _labels_or_none(self) -> Self:
        given = [name for name in ("attributes", "groups", "types", "labels") if getattr(self, name)]
        if self.unlabelled and given:
            raise ValueError(
                f"unlabelled images have no columns, and {', '.join(given)} names some: leave out one of the two"
            )
        return self

    @property
    def asked(self) -> tuple[str, ...] | None:
        """The columns to read: those of `attributes`, None for all, () where attributes are measured."""
        return () if self.unlabelled else self.attributes

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns nothing: the images are the user's own."""
        return ()

    @property
    @abstractmethod
    def place(self) -> Path:
        """The file or folder that holds the images."""
        ...

    @abstractmethod
    def _opened(self) -> tuple[FolderTable, DecodeRow]:
        """Returns the rows to use, with the columns of the attributes, and what decodes the image of one."""
        ...

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the images that the table names, in its order, decoded one by one to `workspace/images.npy`.

        Raises BadTable with every problem of table, images and types found; CorruptImage or TooLarge for one bad
        image, BadTable for several.
        """
        whole, decode = self._opened()
        numbers = {name: row for row, name in enumerate(whole.files)}
        table = with_labels_apart(whole, self.labels)
        if self.on_missing == "leave_out":
            table = without_missing(table, self.missing_values)
        names, groups, problem = group_column(table, self.groups, self.attributes is not None)
        if problem:
            raise BadTable(f"{self._labels_place} cannot be used yet:", (problem,))
        typed = typed_columns(
            names,
            table.column,
            self.types,
            self.missing_values,
            self.decimal,
            keeps_missing=self.on_missing == "keep",
        )
        if typed.problems:
            raise BadTable(f"{self._labels_place} cannot be used yet:", typed.problems)
        rows = choose_rows(len(table.files), self.images, seed, self.name)
        files = tuple(table.files[row] for row in rows)
        images, unread, image_notes = _decode_all(
            [(name, numbers[name]) for name in files], decode, self, workspace, on_progress
        )
        if unread:
            kept = np.setdiff1d(np.arange(len(rows)), unread)
            rows, files = rows[kept], tuple(files[place] for place in kept)
            images = np.ascontiguousarray(images[kept])
            (workspace / "images.npy").unlink()  # the memory map of all; what is left is written anew
        if self.unlabelled:
            attributes, values = measure_pixels(images)
            names = tuple(attribute.name for attribute in attributes)
            image_notes = (*image_notes, reason("note.unlabelled", measured=list(names)))
        else:
            attributes, values = typed.attributes, typed.values[rows]
        return ImageSet(
            name=self.name,
            images=images,
            attributes=attributes,
            values=values,
            description=self.description,
            source=self.place.name,
            licence=self.licence,
            file_names=files,
            notes=(*table.notes, *typed.notes, *_value_notes(table, typed), *image_notes),
            groups=None if groups is None else groups[rows],
        )

    @property
    def _labels_place(self) -> Path:
        """What holds the labels, as errors name it."""
        return self.place


def _value_notes(table: FolderTable, typed: TypedColumns) -> Iterator[Reason]:
    for attribute, column in zip(typed.attributes, typed.values.T, strict=True):
        rows = far_out(column) if attribute.kind in ("ordinal", "continuous") else ()
        if len(rows):
            cells: list[str | Reason] = [
                reason(
                    "note.far_cell",
                    value=f"{column[row]:g}",
                    line=f"{table.lines[row]:,}",
                    file=shown(table.files[row]),
                )
                for row in rows[:_EXAMPLES]
            ]
            more = ["..."] if len(rows) > _EXAMPLES else []
            yield reason(
                "note.far_out", column=shown(attribute.name), count=f"{len(rows):,}", cells=[*cells, *more]
            )
    yield from double_columns_note(double_columns(typed.attributes, typed.values))


@dataclass
class _Seen:
    """Counts over all decoded images: those that lost pixels, and those with transparent ones."""

    cut_total: float = 0.0
    cut_most: tuple[float, str] = (0.0, "")
    cut_images: int = 0
    transparent: int = 0
    sixteen_bits: int = 0

    def notes(self, settings: OwnImagesSettings, images: int) -> Iterator[Reason]:
        if self.cut_images:
            share, name = self.cut_most
            yield reason(
                "note.cropped",
                count=f"{self.cut_images:,}",
                total=f"{images:,}",
                share=f"{self.cut_total / images:.1%}",
                most=f"{share:.0%}",
                file=shown(name),
            )
        if self.sixteen_bits:
            yield reason("note.sixteen_bits", count=f"{self.sixteen_bits:,}")
        if self.transparent:
            yield reason("note.transparent", count=f"{self.transparent:,}", ground=settings.ground)


def _decode_all(
    files: list[tuple[str, int]],
    decode: DecodeRow,
    settings: OwnImagesSettings,
    workspace: Path,
    on_progress: OnProgress | None,
) -> tuple[NDArray[np.uint8], list[int], tuple[Reason, ...]]:
    """Returns the images, the places of those that cannot be read and are skipped, and notes for the user.

    files: name and row of each image.
    """
    square = Square(
        settings.image_size,
        settings.channels,
        pixel_limit=settings.pixel_limit,
        ground=settings.ground,
        fit=settings.fit,
    )
    images = new_images(workspace, len(files), settings.channels, settings.image_size)
    refused: list[DataError] = []
    unread: list[int] = []
    skips = settings.on_problem == "skip"
    seen = _Seen()
    for place, (name, row) in enumerate(files):
        try:
            decoded = decode(row, square)
        except DataError as error:
            refused.append(error)
            unread.append(place)
            if len(refused) == _MAX_PROBLEMS_NAMED and not skips:
                break
        else:
            images[place] = decoded.pixels
            seen.transparent += decoded.has_transparency
            seen.sixteen_bits += decoded.had_16_bits
            if decoded.cut > 0:
                seen.cut_images, seen.cut_total = seen.cut_images + 1, seen.cut_total + decoded.cut
                seen.cut_most = max(seen.cut_most, (decoded.cut, name))
        if on_progress is not None and ((place + 1) % 500 == 0 or place + 1 == len(files)):
            on_progress(place + 1, len(files))
    if len(refused) == len(files):
        skips = False
    if len(refused) == 1 and not skips:
        raise refused[0]
    if refused and not skips:
        raise BadTable(
            f"images in {settings.place} cannot be used (the first {_MAX_PROBLEMS_NAMED} at most are named):",
            tuple(str(error) for error in refused[:_MAX_PROBLEMS_NAMED]),
        )
    images.flush()
    notes = [*seen.notes(settings, len(files))]
    if refused:
        listed = "; ".join(str(error) for error in refused[:_EXAMPLES])
        more = ", ..." if len(refused) > _EXAMPLES else ""
        notes.append(reason("note.unreadable", count=f"{len(refused):,}", listed=f"{listed}{more}"))
    return images, unread, tuple(notes)
