"""Arrays of images become compact image files: grids, strips and heat maps as PNG or WebP bytes."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

# Above this a colour picture is a photograph, and PNG would spend ten times what WebP does (JPEG: a third more).
LARGEST_COLOUR_PNG = 24_000
WEBP_QUALITY = 80

Bytes3 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """An encoded image: `data` bytes of type `media_type`, `width` by `height` pixels."""

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def uri(self) -> str:
        """The picture as a data: address."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"

    @property
    def suffix(self) -> str:
        """The ending of its file name."""
        return ".png" if self.media_type == "image/png" else ".webp"


def as_bytes(images: npt.NDArray[np.generic]) -> Bytes3:
    """Returns images (n,c,h,w) as uint8 (n,h,w,3 or 1); floats are taken to lie in [0,1]."""
    if images.dtype != np.uint8:
        images = np.round(np.clip(np.nan_to_num(images.astype(np.float64)), 0, 1) * 255).astype(np.uint8)
    moved = np.moveaxis(images, 1, -1)
    return np.ascontiguousarray(moved if moved.shape[-1] in (1, 3) else moved[..., :1])


def grid(images: npt.NDArray[np.generic], columns: int, gap: int = 1) -> Picture:
    """Returns images (n,c,h,w) row by row on a grid with `columns` columns and `gap` pixels between."""
    tiles = as_bytes(images)
    count, height, width, channels = tiles.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 128, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    return encode(sheet)


def encode(pixels: Bytes3) -> Picture:
    """Returns pixels (h,w,1 or 3) as the smaller fitting file: grey or palette PNG, else WebP.

    Colours are kept as they are but in photographs.
    """
    height, width, channels = pixels.shape
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    if channels == 1:
        # 32 greys are more than an eye tells apart in a thumbnail and compress to half the bytes.
        image = Image.fromarray((pixels[..., 0].astype(np.int32) // 8 * 255 // 31).astype(np.uint8))
        image = image.quantize(32) if len(np.unique(np.asarray(image))) <= 32 else image
    png = _saved(image, "PNG", optimize=True)
    if channels == 3:
        photograph = len(png) > LARGEST_COLOUR_PNG
        webp = _saved(image, "WEBP", **({"quality": WEBP_QUALITY} if photograph else {"lossless": True}))
        if photograph or len(webp) < len(png):
            return Picture(webp, "image/webp", width, height)
    return Picture(png, "image/png", width, height)


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
