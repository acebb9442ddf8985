"""The image that is explained: a file of one's own, or a row of the data, as given and as the model sees it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from latent_audit.reports.page import image_files
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.images.decoding import FORMATS, Square, decode
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.image_explanation import GivenImage, Picture, Remark

SHOWN_SIDE = 224
# A ground is plain where so much of an image's edge is this near to black or to white.
PLAIN_SHARE = 0.9
PLAIN_GREYS = 40
_IDX_SIDE = 28
_IDX_KINDS = ("mnist", "fashion_mnist")


@dataclass(frozen=True)
class OpenedImage:
    """pixels: uint8 (c, s, s) as the model sees them. shown: how they came about. row: of the data, None for a file."""

    pixels: NDArray[np.uint8]
    shown: GivenImage
    row: int | None


def open_image(
    words: str, data: Prepared, settings: dict[str, Any], seed: int, reference_images: int
) -> OpenedImage:
    """Returns an image by its file, by a file name of the data, or by a row number of the data.

    settings: of the data. Raises UsageError for what is none of these or cannot be read.
    """
    path = Path(words)
    names = data.data.file_names
    if path.is_file():
        return _own_file(path, data, settings, seed, reference_images)
    if names is not None and words in names:
        return _row(names.index(words), words, data)
    if words.isascii() and words.isdigit():
        row, count = int(words), len(data.data.images)
        if row >= count:
            raise UsageError(f"the data have the rows 0 to {count - 1}; there is no row {row}")
        return _row(row, words if names is None else names[row], data)
    listed = "" if names is None else f", a file name of the data such as {named(names[0])},"
    raise UsageError(
        f"{named(words)} is no file{listed} and no row number of the data (0 to {len(data.data.images) - 1})"
    )


def _row(row: int, name: str, data: Prepared) -> OpenedImage:
    pixels = np.array(data.data.images[row])
    part = PARTS[int(data.parts[row])]
    shown = GivenImage(
        source="data", name=name, row=row, part=part, given=picture_of(pixels),
        given_size=(pixels.shape[2], pixels.shape[1]), seen=picture_of(pixels), changes=[],
    )  # fmt: skip
    return OpenedImage(pixels, shown, row)


def _own_file(
    path: Path, data: Prepared, settings: dict[str, Any], seed: int, reference_images: int
) -> OpenedImage:
    channels, side = data.data.images.shape[1], data.data.images.shape[2]
    square, margin = _square(settings, channels, side)
    try:
        decoded = decode(path, named(path.name), square)
        whole = decode(
            path, named(path.name), Square(SHOWN_SIDE, 3, pixel_limit=square.pixel_limit, fit="pad")
        )
        with Image.open(path, formats=FORMATS) as image:
            size, mode = image.size, image.mode
    except DataError as error:
        raise UsageError(str(error)) from None
    pixels = np.pad(decoded.pixels, ((0, 0), (margin, margin), (margin, margin)))
    changes = [_remark("resized", width=size[0], height=size[1], side=side)]
    if decoded.cut > 0:
        changes.append(_remark("cropped", percent=round(100 * decoded.cut)))
    elif size[0] != size[1]:
        changes.append(_remark(f"fit_{square.fit}"))
    if decoded.has_transparency:
        changes.append(_remark(f"ground_{square.ground}"))
    if channels == 1 and mode not in ("1", "L", "LA"):
        changes.append(_remark("to_grey"))
    elif channels == 3 and mode in ("1", "L", "LA"):
        changes.append(_remark("from_grey"))
    ground = _ground_of(data, seed, reference_images)
    if ground is not None and _plain_ground(pixels[None]) == 255 - ground:
        pixels = 255 - pixels
        changes.append(_remark("turned_dark" if ground == 0 else "turned_light"))
    shown = GivenImage(
        source="file", name=path.name, row=None, part=None, given=picture_of(whole.pixels), given_size=size,
        seen=picture_of(pixels), changes=changes,
    )  # fmt: skip
    return OpenedImage(np.ascontiguousarray(pixels), shown, None)


def _square(settings: dict[str, Any], channels: int, side: int) -> tuple[Square, int]:
    """Returns how the data's own files become squares, and the margin that is added afterwards."""
    kept = {name: settings[name] for name in ("crop", "fit", "ground", "pixel_limit") if name in settings}
    margin = (side - _IDX_SIDE) // 2 if settings.get("kind") in _IDX_KINDS else 0
    return Square(side - 2 * margin, channels, **kept), margin


def _ground_of(data: Prepared, seed: int, reference_images: int) -> int | None:
    """Returns the ground, 0 or 255, that lies behind the objects of the data; None where there is none."""
    places = data.draw(data.training_part, reference_images, seed, "ground of the data")
    return _plain_ground(data.images(data.training_part, places))


def _plain_ground(images: NDArray[np.uint8]) -> int | None:
    edge = np.ones(images.shape[2:], bool)
    edge[1:-1, 1:-1] = False
    greys = images[:, :, edge]
    for ground in (0, 255):
        if (np.abs(greys.astype(int) - ground) <= PLAIN_GREYS).mean() >= PLAIN_SHARE:
            return ground
    return None


def picture_of(pixels: NDArray[np.generic]) -> Picture:
    """Returns an image (c, h, w) as a data: address."""
    made = image_files.grid(pixels[None], 1)
    return Picture(uri=made.uri, width=made.width, height=made.height)


def _remark(key: str, **values: str | int | float) -> Remark:
    return Remark(key=f"explain.change.{key}", values=values)
