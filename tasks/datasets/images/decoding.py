"""Decodes one image file to a square of uint8 pixels; refuses files that are corrupt, huge or no images."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from latent_audit.tasks.datasets.errors import CorruptImage, TooLarge

Ground = Literal["white", "black"]
Fit = Literal["crop", "pad", "stretch"]
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "JPEG2000", "AVIF")
# Each row of an image costs memory of its own, however short it is.
_FEWEST_A_ROW = 16
_LOOKED_AT_BYTES = 512
# An image this many times as large as its central square is cut before it is converted.
_LONG = 8
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_SIXTEEN_BIT_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
# 65,535, the largest value of 16 bits, is white: 255 times this.
_SIXTEEN_TO_EIGHT = 257
# What Pillow raises on broken files of these formats.
_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, zlib.error)


@dataclass(frozen=True)
class Square:
    """The format of decoded images.

    side: pixels. channels: 1 or 3. crop: side of the central square that is kept, as a share of the image's
    shorter side. pixel_limit: an image of more pixels than this is refused before it is unpacked. ground: what lies
    behind transparent pixels and beside padded images. fit: crop keeps the central square, pad keeps all within a
    square of ground, stretch keeps all and changes the proportions.
    """

    side: int
    channels: int
    crop: float = 1.0
    pixel_limit: int = 64_000_000
    ground: Ground = "white"
    fit: Fit = "crop"


@dataclass(frozen=True)
class Decoded:
    """One image as pixels uint8 (c, s, s). cut: share of its pixels that are left out. had_16_bits: of the file."""

    pixels: NDArray[np.uint8]
    cut: float
    has_transparency: bool
    had_16_bits: bool = False


def decode(stream: IO[bytes] | Path, name: str, square: Square) -> Decoded:
    """Returns one image, upright after its EXIF tag, with transparent pixels on the square's ground.

    Raises CorruptImage or TooLarge; both texts carry `name`.
    """
    if isinstance(stream, Path) and not stream.is_file():  # reading from a pipe would wait for ever
        raise CorruptImage(f"{name} is no plain file, or a link that leads nowhere")
    try:
        with Image.open(stream, formats=FORMATS) as image:
            _refuse_unfit(image, name, square)
            return _pixels(_in_eight_bits(image), square, had_16_bits=image.mode in _SIXTEEN_BIT_MODES)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(
            f"{name} has more pixels than can be read; the limit is {square.pixel_limit:,} (data.pixel_limit)"
        ) from error
    except UnidentifiedImageError as error:
        raise CorruptImage(f"{name} {_what_it_is(stream)}") from error
    except _DECODING_ERRORS as error:
        raise CorruptImage(f"{name} is truncated or corrupt ({error})") from error


def _what_it_is(stream: IO[bytes] | Path) -> str:
    """Returns what a file is that holds no image of these formats, as far as its first bytes show."""
    if isinstance(stream, Path):
        with stream.open("rb") as file:
            beginning = file.read(_LOOKED_AT_BYTES)
    else:
        stream.seek(0)
        beginning = stream.read(_LOOKED_AT_BYTES)
    if not beginning:
        return "is not an image: it is empty; copy or download it anew"
    if beginning.startswith(b"version https://git-lfs"):
        return "is not an image: it is a pointer of Git LFS; run `git lfs pull` where it came from"
    if beginning.lstrip()[:1] == b"<":
        return "is not an image: it is a web page, SVG or other text; download it anew, or convert it to PNG"
    return f"is not an image in one of the formats {', '.join(FORMATS)}; convert it to PNG or JPEG"


def decode_array(pixels: NDArray[np.uint8], square: Square) -> Decoded:
    """Returns an image uint8 (c, h, w) of one or three channels as a square."""
    planes = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    return _pixels(Image.fromarray(planes), square, had_16_bits=False)


def _refuse_unfit(image: Image.Image, name: str, square: Square) -> None:
    pixels = image.width * image.height
    if pixels > square.pixel_limit:
        raise TooLarge(
            f"{name} is {image.width} x {image.height} = {pixels:,} pixels; the limit is "
            f"{square.pixel_limit:,} (data.pixel_limit)"
        )
    counted = max(image.width, _FEWEST_A_ROW) * image.height
    if counted > square.pixel_limit:
        raise TooLarge(
            f"{name} is {image.width} x {image.height}; in memory its rows take as much as {counted:,} pixels, and the "
            f"limit is {square.pixel_limit:,} (data.pixel_limit)"
        )
    if image.mode not in (*_EIGHT_BIT_MODES, *_SIXTEEN_BIT_MODES):
        raise CorruptImage(
            f"{name} has pixels of the kind {image.mode!r}; save it in grey or RGB, with 8 or 16 bits a channel"
        )


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Returns the image; one of 16 bits in 8, by dividing by 257 and rounding."""
    if image.mode not in _SIXTEEN_BIT_MODES:
        return image
    values = np.asarray(ImageOps.exif_transpose(image)).astype(np.uint32)
    return Image.fromarray(((values + _SIXTEEN_TO_EIGHT // 2) // _SIXTEEN_TO_EIGHT).astype(np.uint8))


def _without_ends(image: Image.Image) -> Image.Image:
    """Returns a long image without most of what lies outside its central square, so that copies of it are small."""
    short, long = sorted(image.size)
    if long < _LONG * short:
        return image
    # As much again on both sides, which resizing may look at; of even parity, so that the centre stays where it is.
    kept = 3 * short + (long - 3 * short) % 2
    ends = (long - kept) // 2
    wide = image.width == long
    box = (ends, 0, ends + kept, short) if wide else (0, ends, short, ends + kept)
    cut = image.crop(box)
    cut.info, cut.format = image.info, image.format
    return cut


def _pixels(image: Image.Image, square: Square, *, had_16_bits: bool) -> Decoded:
    wanted_mode = "L" if square.channels == 1 else "RGB"
    needed = square.side / (square.crop * min(image.size))
    image.draft(wanted_mode, (int(image.width * needed) + 1, int(image.height * needed) + 1))
    whole = image.width * image.height
    upright = ImageOps.exif_transpose(_without_ends(image) if square.fit == "crop" else image)
    has_transparency = False
    if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
        layers = upright.convert("RGBA")
        has_transparency = bool(np.asarray(layers.getchannel("A")).min() < 255)
        ground = Image.new("RGBA", upright.size, square.ground)
        upright = Image.alpha_composite(ground, layers)
    plain = upright.convert(wanted_mode)
    if square.fit == "pad" and plain.width != plain.height:
        return Decoded(_as_array(_padded(plain, square)), 0.0, has_transparency, had_16_bits)
    if square.fit == "stretch":
        width, height = (square.crop * side for side in plain.size)
    else:
        width = height = square.crop * min(plain.size)
    left, top = (plain.width - width) / 2, (plain.height - height) / 2
    resized = plain.resize(
        (square.side, square.side), Image.Resampling.BILINEAR, box=(left, top, left + width, top + height)
    )
    return Decoded(_as_array(resized), 1 - width * height / whole, has_transparency, had_16_bits)


def _as_array(image: Image.Image) -> NDArray[np.uint8]:
    array = np.asarray(image, dtype=np.uint8)
    return array[None] if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))


def _padded(image: Image.Image, square: Square) -> Image.Image:
    """Returns the whole image, scaled to fit, in the middle of a square of the ground."""
    scale = square.side / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    whole = Image.new(image.mode, (square.side, square.side), square.ground)
    place = ((square.side - width) // 2, (square.side - height) // 2)
    whole.paste(image.resize((width, height), Image.Resampling.BILINEAR), place)
    return whole
