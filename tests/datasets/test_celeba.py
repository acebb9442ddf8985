"""CelebA: small archives of the official layout, the first faces of the real one, and damaged files."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from latent_audit.tasks.datasets.aligned_face import face_region
from latent_audit.tasks.datasets.celeba import DEFAULT_ATTRIBUTES, CelebaSettings
from latent_audit.tasks.datasets.celeba_attributes import ATTRIBUTE_NAMES
from latent_audit.tasks.datasets.errors import (
    CorruptFile,
    CorruptImage,
    MissingFile,
    NotEnoughImages,
    TooLarge,
    TruncatedFile,
)

SETTINGS = CelebaSettings(image_size=32, attributes=("Male", "Smiling"))


def jpeg(red: int, size: tuple[int, int] = (89, 109)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, (red, 40, 200)).save(content, "JPEG", quality=95)
    return content.getvalue()


def write_list(folder: Path, rows: list[str], count: int | None = None) -> None:
    lines = [str(len(rows) if count is None else count), " ".join(ATTRIBUTE_NAMES), *rows]
    (folder / "celeba" / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")


def row(number: int, **values: int) -> str:
    return f"{number:06d}.jpg " + " ".join(f"{values.get(name, -1):2d}" for name in ATTRIBUTE_NAMES)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A data folder with six faces whose red grows with their number; odd ones are Male, the first two smile."""
    folder = tmp_path / "data"  # with a folder around it that nothing may be written to
    (folder / "celeba").mkdir(parents=True)
    with zipfile.ZipFile(folder / "celeba" / "img_align_celeba.zip", "w") as archive:
        archive.writestr("img_align_celeba/", b"")
        for number in (3, 1, 2, 6, 5, 4):
            archive.writestr(f"img_align_celeba/{number:06d}.jpg", jpeg(40 * number))
        archive.writestr("read me.txt", b"not an image, and not read")
    write_list(folder, [row(k, Male=1 if k % 2 else -1, Smiling=1 if k < 3 else -1) for k in range(1, 9)])
    return folder


def replace_member(source: Path, number: int, content: bytes) -> None:
    path = source / "celeba" / "img_align_celeba.zip"
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept[f"img_align_celeba/{number:06d}.jpg"] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept.items():
            archive.writestr(name, data)


def test_reads_whatever_the_archive_holds_in_order_of_number(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    loaded = SETTINGS.load(source, tmp_path, 0, lambda *step: seen.append(step))
    assert loaded.images.shape == (6, 3, 32, 32)
    np.testing.assert_allclose(loaded.images[:, 0].mean(axis=(1, 2)), 40 * np.arange(1, 7), atol=3)
    np.testing.assert_array_equal(loaded.values, [[1, 1], [0, 1], [1, 0], [0, 0], [1, 0], [0, 0]])
    assert [(a.name, a.kind) for a in loaded.attributes] == [("Male", "binary"), ("Smiling", "binary")]
    assert seen == [(6, 6)]
    assert not (source.parent / "outside.txt").exists()
    assert loaded.masks is not None
    np.testing.assert_array_equal(loaded.masks, np.broadcast_to(face_region(32, 1.0), (6, 32, 32)))


def test_crop_keeps_the_central_square(source: Path, tmp_path: Path) -> None:
    image = Image.new("RGB", (89, 109), (0, 0, 0))
    image.paste((255, 255, 255), (22, 32, 67, 77))  # the central 45 pixels
    content = io.BytesIO()
    image.save(content, "JPEG", quality=95)
    replace_member(source, 1, content.getvalue())
    whole = SETTINGS.load(source, tmp_path, 0).images[0, 0].mean()
    half = SETTINGS.model_copy(update={"crop": 0.5}).load(source, tmp_path, 0).images[0, 0].mean()
    assert whole == pytest.approx(255 / 4, abs=4)
    assert half == pytest.approx(255, abs=4)


def test_corrupt_image_is_named(source: Path, tmp_path: Path) -> None:
    replace_member(source, 4, jpeg(9)[:300])
    with pytest.raises(CorruptImage, match=r"000004\.jpg in img_align_celeba\.zip is truncated or corrupt"):
        SETTINGS.load(source, tmp_path, 0)
    replace_member(source, 4, b"no image at all")
    with pytest.raises(CorruptImage, match=r"000004\.jpg .* is not an image"):
        SETTINGS.load(source, tmp_path, 0)


def test_bombs_are_refused(source: Path, tmp_path: Path) -> None:
    replace_member(source, 2, bytes(9 << 20))
    with pytest.raises(TooLarge, match=r"000002\.jpg .* unpacks to more than 8,388,608 bytes"):
        SETTINGS.load(source, tmp_path, 0)
    replace_member(source, 2, jpeg(1, (2500, 2000)))
    with pytest.raises(TooLarge, match=r"000002\.jpg .* 5,000,000 pixels; the limit is 4,000,000"):
        SETTINGS.load(source, tmp_path, 0)


def test_damaged_archives(source: Path, tmp_path: Path) -> None:
    path = source / "celeba" / "img_align_celeba.zip"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptFile, match="not a sound zip"):
        SETTINGS.load(source, tmp_path, 0)
    damaged = bytearray(content)
    damaged[content.index(jpeg(120)) + 200] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(CorruptImage, match=r"000003\.jpg .* cannot be unpacked"):
        SETTINGS.load(source, tmp_path, 0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", b"")
    with pytest.raises(CorruptFile, match="holds no image"):
        SETTINGS.load(source, tmp_path, 0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/000001.jpg", jpeg(1))
        archive.writestr("b/000001.jpg", jpeg(1))
    with pytest.raises(CorruptFile, match="twice"):
        SETTINGS.load(source, tmp_path, 0)
    path.unlink()
    with pytest.raises(MissingFile, match="Google Drive"):
        SETTINGS.load(source, tmp_path, 0)


def test_a_constant_attribute_is_read_and_too_few_images_are_refused(source: Path, tmp_path: Path) -> None:
    wanted = CelebaSettings(image_size=32, attributes=("Male", "Bald", "Young"))
    # What cannot be tested is set aside when the data are prepared, not here.
    assert [np.ptp(column) for column in wanted.load(source, tmp_path, 0).values.T] == [1, 0, 0]
    with pytest.raises(NotEnoughImages, match="7 images were asked for and 6"):
        SETTINGS.model_copy(update={"images": 7}).load(source, tmp_path, 0)


@pytest.mark.parametrize(
    ("rows", "count", "error", "text"),
    [
        ([row(k) for k in (1, 2, 3)], None, CorruptFile, "no row for, the first 000004.jpg"),
        ([row(k) for k in range(1, 9)], 9, TruncatedFile, "promises 9 rows and holds 8"),
        ([row(k) for k in (1, 2, 3, 4, 5, 6, 6)], None, CorruptFile, "different image names"),
        ([row(k, Male=0) for k in range(1, 9)], None, CorruptFile, "-1 or 1"),
        ([row(1), "000002.jpg 1 x"], None, CorruptFile, "a row is not an image name and 40 numbers"),
        (["../1.jpg" + row(1)[10:]], None, CorruptFile, "a row is not"),
    ],
)
def test_damaged_lists(
    source: Path, tmp_path: Path, rows: list[str], count: int | None, error: type[Exception], text: str
) -> None:
    write_list(source, rows, count)
    with pytest.raises(error, match=text):
        SETTINGS.load(source, tmp_path, 0)


def test_missing_list_or_header(source: Path, tmp_path: Path) -> None:
    path = source / "celeba" / "list_attr_celeba.txt"
    path.write_text("<html>quota exceeded</html>\n")
    with pytest.raises(CorruptFile, match="must start with the number of images"):
        SETTINGS.load(source, tmp_path, 0)
    path.unlink()
    with pytest.raises(MissingFile, match=r"list_attr_celeba\.txt is not there"):
        SETTINGS.load(source, tmp_path, 0)


def test_settings_name_real_attributes_once() -> None:
    with pytest.raises(ValidationError, match="no attribute Grumpy"):
        CelebaSettings(attributes=("Male", "Grumpy"))
    with pytest.raises(ValidationError, match="twice"):
        CelebaSettings(attributes=("Male", "Male"))
    assert len(DEFAULT_ATTRIBUTES) >= 12


def test_first_real_faces(real_data: Path, tmp_path: Path) -> None:
    loaded = CelebaSettings(images=200).load(real_data, tmp_path, 3)
    assert loaded.images.shape == (200, 3, 64, 64)
    assert (loaded.images.std(axis=(1, 2, 3)) > 10).all()
    prevalence = dict(zip([a.name for a in loaded.attributes], loaded.values.mean(axis=0), strict=True))
    assert 0.3 < prevalence["Male"] < 0.55
    assert 0.65 < prevalence["Young"] < 0.9
