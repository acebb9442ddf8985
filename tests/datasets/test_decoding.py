"""One image at a time: crops, modes, orientation, and what is refused."""

import io
import os
import struct
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from latent_audit.tasks.datasets.errors import CorruptImage, DiskFull, TooLarge
from latent_audit.tasks.datasets.images.decoding import Fit, Ground, Square, decode
from latent_audit.tasks.datasets.images.memory_map import new_images

COLOUR = Square(side=16, channels=3)
GREY = Square(side=16, channels=1)


def packed(image: Image.Image, kind: str = "PNG", **options: Any) -> io.BytesIO:
    content = io.BytesIO()
    image.save(content, kind, **options)
    content.seek(0)
    return content


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_every_format_gives_the_colour_that_was_saved(kind: str) -> None:
    pixels = decode(packed(Image.new("RGB", (40, 30), (200, 100, 50)), kind), "x", COLOUR).pixels
    assert pixels.shape == (3, 16, 16)
    np.testing.assert_allclose(pixels.mean(axis=(1, 2)), [200, 100, 50], atol=4)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_modes_become_grey_or_colour(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    white = Image.new("RGB", (16, 16), (255, 255, 255)).convert(mode)
    for square in (COLOUR, GREY):
        assert (decode(packed(white, kind), "x", square).pixels > 250).all()


@pytest.mark.parametrize(("ground", "behind"), [("white", 255), ("black", 0)])
def test_transparent_pixels_lie_on_the_ground_that_is_set(ground: Ground, behind: int) -> None:
    image = Image.new("RGBA", (16, 16), (255, 255, 255, 0))
    image.paste((100, 100, 100, 255), (0, 0, 8, 16))
    decoded = decode(packed(image), "x", replace(GREY, ground=ground))
    assert (decoded.pixels[0, :, :8] == 100).all()
    assert (decoded.pixels[0, :, 8:] == behind).all()
    assert decoded.has_transparency
    assert not decode(packed(Image.new("RGBA", (16, 16), (1, 2, 3, 255))), "x", GREY).has_transparency


@pytest.mark.parametrize(
    ("fit", "middle", "edge", "cut"),
    [("crop", 255, 255, 0.9), ("pad", 255, 0, 0.0), ("stretch", 255, 0, 0.0)],
)
def test_an_image_that_is_not_square_is_cropped_padded_or_stretched(
    fit: Fit, middle: int, edge: int, cut: float
) -> None:
    image = Image.new("L", (400, 40), 0)
    image.paste(255, (120, 0, 280, 40))
    decoded = decode(packed(image), "x", replace(GREY, fit=fit, ground="black"))
    assert decoded.pixels[0, 8, 8] == middle
    assert decoded.pixels[0, 8, 0] == edge
    assert decoded.cut == pytest.approx(cut)
    if fit == "pad":
        assert not decoded.pixels[0, :6].any()


def test_a_long_strip_is_padded_without_a_square_of_its_length() -> None:
    tracemalloc.start()
    decode(packed(Image.new("L", (60_000, 1), 9)), "x", replace(GREY, fit="pad"))
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_tall_and_wide_images_keep_their_centre() -> None:
    for size, box in (((16, 48), (0, 16, 16, 32)), ((48, 16), (16, 0, 32, 16))):
        image = Image.new("L", size, 0)
        image.paste(255, box)
        assert (decode(packed(image), "x", GREY).pixels == 255).all()


def test_exif_orientation_is_applied() -> None:
    image = Image.new("L", (32, 32), 0)
    image.paste(255, (0, 0, 32, 16))  # bright above
    tag = Image.Exif()
    tag[0x0112] = 3  # turned by half
    pixels = decode(packed(image, "JPEG", exif=tag.tobytes(), quality=95), "x", GREY).pixels
    assert pixels[0, 12:].mean() > 240
    assert pixels[0, :4].mean() < 15


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", r"a\.png is not an image"),
        (b"\x89PNG\r\n\x1a\n", r"a\.png is"),
        (packed(Image.effect_noise((64, 64), 50)).getvalue()[:900], r"a\.png is truncated or corrupt"),
        (
            packed(Image.effect_noise((64, 64), 50), "JPEG").getvalue()[:900],
            r"a\.png is truncated or corrupt",
        ),
        (packed(Image.new("RGB", (8, 8)), "PPM").getvalue(), r"a\.png is not an image in one of"),
        (packed(Image.new("F", (8, 8)), "TIFF").getvalue(), "8 or 16 bits a channel"),
    ],
)
def test_corrupt_images_are_named(content: bytes, text: str) -> None:
    with pytest.raises(CorruptImage, match=text):
        decode(io.BytesIO(content), "a.png", COLOUR)


def png_that_claims(width: int, height: int) -> io.BytesIO:
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(bytes(1000))),
        )
    ]
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


@pytest.mark.parametrize("side", [9_000, 12_000, 60_000])
def test_pixel_bombs_are_refused_before_they_are_unpacked(side: int) -> None:
    with pytest.raises(TooLarge, match=r"bomb\.png"):
        decode(png_that_claims(side, side), "bomb.png", COLOUR)


def test_memory_is_bounded_by_the_limit_whatever_the_shape() -> None:
    """Of 64,000,000 pixels at most; a column of so many would take a gigabyte for its rows alone."""
    with pytest.raises(
        TooLarge, match=r"1 x 64000000; in memory its rows take as much as 1,024,000,000 pixels"
    ):
        decode(png_that_claims(1, 64_000_000), "column.png", COLOUR)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("size", [(1000, 20), (20, 1001), (999, 20), (21, 1000)])
def test_long_images_give_their_centre_and_no_copy_of_the_rest(mode: str, size: tuple[int, int]) -> None:
    noise = Image.effect_noise(size, 90).convert(mode)
    left, top = (size[0] - min(size)) / 2, (size[1] - min(size)) / 2
    box = (left, top, left + min(size), top + min(size))
    expected = np.asarray(noise.convert("RGB").resize((16, 16), Image.Resampling.BILINEAR, box=box))
    found = decode(packed(noise), "x", COLOUR).pixels.transpose(1, 2, 0)
    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)


def test_an_upside_down_long_image_is_turned() -> None:
    image = Image.new("L", (400, 16), 0)
    image.paste(255, (0, 0, 200, 16))
    tag = Image.Exif()
    tag[0x0112] = 3
    pixels = decode(packed(image, "JPEG", exif=tag.tobytes(), quality=95), "x", GREY).pixels
    assert pixels[0, :, :6].mean() < 15
    assert pixels[0, :, 10:].mean() > 240


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "000.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "folder.png").mkdir()
    for path in tmp_path.iterdir():
        with pytest.raises(CorruptImage, match=rf"{path.name} is no plain file"):
            decode(path, path.name, COLOUR)


def test_a_disk_that_cannot_hold_the_images_is_said_before(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="take fewer images"):
        new_images(tmp_path, 1 << 40, 3, 64)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x is not an image: it is empty; copy or download it anew"),
        (b"<!DOCTYPE html>", "x is not an image: it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "x is not an image: it is a pointer of Git LFS"),
        (b"GIF no more", "x is not an image in one of the formats .*; convert it to PNG or JPEG"),
    ],
)
def test_a_file_that_is_no_image_is_called_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.png").write_bytes(content)
    for given in (tmp_path / "x.png", io.BytesIO(content)):
        with pytest.raises(CorruptImage, match=said):
            decode(given, "x", COLOUR)


def test_an_image_beyond_what_pillow_opens_names_the_setting() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(b"0")))
    )
    with pytest.raises(TooLarge, match=r"the limit is 64,000,000 \(data\.pixel_limit\)"):
        decode(io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk), "x", COLOUR)
