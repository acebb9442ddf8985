"""MNIST and Fashion-MNIST: the published files, small files of the same layout, and broken ones."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.datasets import fashion_mnist
from latent_audit.tasks.datasets.errors import CorruptFile, MissingFile, NotEnoughImages, TruncatedFile
from latent_audit.tasks.datasets.fashion_mnist import FashionMnistSettings
from latent_audit.tasks.datasets.idx import read_idx
from latent_audit.tasks.datasets.idx_images import FILE_NAMES
from latent_audit.tasks.datasets.mnist import MnistSettings
from tests.datasets import idx_files
from tests.datasets.idx_files import idx_bytes


def write_set(folder: Path, train: int = 30, test: int = 10) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Writes four idx files; returns all pixels and labels, train before test."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (train + test, 28, 28), dtype=np.uint8)
    labels = (np.arange(train + test) % 10).astype(np.uint8)
    idx_files.write_set(folder, pixels, labels, train)
    return pixels, labels


def test_joins_pads_and_labels(tmp_path: Path) -> None:
    pixels, labels = write_set(tmp_path / "mnist")
    seen: list[tuple[int, int]] = []
    loaded = MnistSettings().load(tmp_path, tmp_path, 0, lambda *step: seen.append(step))
    assert loaded.images.shape == (40, 1, 32, 32)
    np.testing.assert_array_equal(loaded.images[:, 0, 2:-2, 2:-2], pixels)
    assert loaded.images.sum() == pixels.sum()
    np.testing.assert_array_equal(loaded.values[:, 0], labels)
    assert seen[-1] == (40, 40)
    np.testing.assert_array_equal(np.load(tmp_path / "images.npy", allow_pickle=False), loaded.images)


def test_train_part_alone_needs_two_files(tmp_path: Path) -> None:
    pixels, _ = write_set(tmp_path / "fashion_mnist")
    wanted = FashionMnistSettings(part="train", image_size=28)
    for name in FILE_NAMES[2:]:
        (tmp_path / "fashion_mnist" / name).unlink()
    loaded = wanted.load(tmp_path, tmp_path, 0)
    np.testing.assert_array_equal(loaded.images[:, 0], pixels[:30])
    assert [file.name for file in wanted.files()] == [f"fashion_mnist/{n}" for n in FILE_NAMES[:2]]


def test_limit_draws_by_seed(tmp_path: Path) -> None:
    pixels, labels = write_set(tmp_path / "mnist")
    loaded = [MnistSettings(images=12).load(tmp_path, tmp_path, seed) for seed in (5, 5, 6)]
    kept = [np.array(each.values) for each in loaded]
    np.testing.assert_array_equal(kept[0], kept[1])
    assert (kept[0] != kept[2]).any()
    rows = [
        int(np.flatnonzero((pixels == image[0, 2:-2, 2:-2]).all(axis=(1, 2)))[0])
        for image in loaded[2].images
    ]
    assert len(set(rows)) == 12
    np.testing.assert_array_equal(kept[2][:, 0], labels[rows])
    with pytest.raises(NotEnoughImages, match="41 images were asked for and 40 are there"):
        MnistSettings(images=41).load(tmp_path, tmp_path, 0)


def broken(kind: str) -> bytes:
    good = idx_bytes(np.zeros((3, 28, 28), np.uint8))
    match kind:
        case "cut gzip":
            return gzip.compress(np.random.default_rng(0).bytes(9000))[:4000]
        case "not gzip":
            return good
        case "flipped":
            packed = bytearray(
                gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 99, (3, 28, 28), np.uint8)))
            )
            packed[-6] ^= 0xFF
            return bytes(packed)
        case "wrong magic":
            return gzip.compress(b"\x00\x00\x0d\x03" + good[4:])
        case "too few":
            return gzip.compress(good[:-1])
        case "too many":
            return gzip.compress(good + b"!")
        case "short header":
            return gzip.compress(good[:9])
        case "huge":
            return gzip.compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", *[0xFFFFFFFF] * 3))
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        ("not gzip", CorruptFile, "not a sound gzip"),
        ("flipped", CorruptFile, "not a sound gzip"),
        ("wrong magic", CorruptFile, "starts with 00000803, this one with 00000d03"),
        ("too few", TruncatedFile, "promises 2,352 bytes and 2,351 came"),
        ("too many", CorruptFile, "beyond the 2,352"),
        ("short header", TruncatedFile, "inside its header"),
        ("huge", CorruptFile, "which no idx file here has"),
    ],
)
def test_broken_files_get_a_sentence(tmp_path: Path, kind: str, error: type[Exception], text: str) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(broken(kind))
    with pytest.raises(error, match=text):
        read_idx(path, dimensions=3)


def test_truncated_download_is_said(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    array = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    path.write_bytes(gzip.compress(idx_bytes(array))[:-2000])
    with pytest.raises(TruncatedFile, match="ends too early"):
        read_idx(path, dimensions=3)


def test_files_that_do_not_fit_each_other(tmp_path: Path) -> None:
    write_set(tmp_path / "mnist")
    labels = tmp_path / "mnist" / FILE_NAMES[1]
    labels.write_bytes(gzip.compress(idx_bytes(np.zeros(29, np.uint8))))
    with pytest.raises(CorruptFile, match=r"holds 30 images and .* 29 labels"):
        MnistSettings().load(tmp_path, tmp_path, 0)
    labels.write_bytes(gzip.compress(idx_bytes(np.full(30, 11, np.uint8))))
    with pytest.raises(CorruptFile, match="labels are 0 to 9, this file has 11"):
        MnistSettings().load(tmp_path, tmp_path, 0)
    (tmp_path / "mnist" / FILE_NAMES[0]).write_bytes(gzip.compress(idx_bytes(np.zeros((30, 9, 9), np.uint8))))
    with pytest.raises(CorruptFile, match="28 x 28"):
        MnistSettings().load(tmp_path, tmp_path, 0)
    labels.unlink()
    with pytest.raises(MissingFile, match=r"data\.mirror"):
        MnistSettings().load(tmp_path, tmp_path, 0)


def test_published_digits(real_data: Path, tmp_path: Path) -> None:
    loaded = MnistSettings(images=4000).load(real_data, tmp_path, 0)
    by_name = dict(zip([a.name for a in loaded.attributes], loaded.values.T, strict=True))
    ones, zeros = by_name["digit"] == 1, by_name["digit"] == 0
    assert by_name["width"][ones].mean() < 0.6 * by_name["width"][zeros].mean()
    assert 0.12 < by_name["ink"].mean() < 0.14  # MNIST's published mean is 0.1307
    assert 2.0 < np.median(by_name["thickness"]) < 3.2
    assert 0 < np.median(by_name["slant"]) < 12  # most writers lean to the right
    assert np.corrcoef(by_name["ink"], by_name["thickness"])[0, 1] > 0.6


def test_published_clothes(real_data: Path, tmp_path: Path) -> None:
    loaded = FashionMnistSettings(images=4000).load(real_data, tmp_path, 0)
    by_name = dict(zip([a.name for a in loaded.attributes], loaded.values.T, strict=True))
    trouser, sneaker, shirt = (
        by_name["garment"] == fashion_mnist.GARMENTS.index(g) for g in ("Trouser", "Sneaker", "Shirt")
    )
    assert by_name["aspect"][trouser].mean() > 2 > 1 > by_name["aspect"][sneaker].mean()
    assert by_name["symmetry"][shirt].mean() > by_name["symmetry"][sneaker].mean()
