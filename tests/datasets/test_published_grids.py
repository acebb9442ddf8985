"""dSprites and 3D Shapes: small files of the published layout, and damaged ones."""

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.datasets import dsprites, shapes3d, sprites
from latent_audit.tasks.datasets.dsprites import DspritesSettings
from latent_audit.tasks.datasets.errors import CorruptFile, MissingFile, NotEnoughImages, TruncatedFile
from latent_audit.tasks.datasets.shapes3d import Shapes3dSettings


def write_dsprites(folder: Path, **changes: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Writes 40 sprites as the published npz has them, object metadata included; returns classes and images."""
    classes = sprites.choose_classes(40, seed=2)
    images = (sprites.render(classes)[:, 0] > 0).astype(np.uint8)
    values = np.column_stack([np.ones(40), sprites.true_values(classes)])
    values[:, 1] += 1
    arrays: dict[str, Any] = {
        "metadata": np.array({"title": "pickled, never read"}, dtype=object),
        "imgs": images,
        "latents_classes": np.column_stack([np.zeros(40, np.int64), classes]),
        "latents_values": values,
    }
    path = folder / dsprites.FILE_NAME
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **{**arrays, **changes})
    return classes, images


def test_dsprites_streams_into_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes, images = write_dsprites(tmp_path)
    monkeypatch.setattr(dsprites, "_ROWS_A_BLOCK", 7)
    whole = DspritesSettings().load(tmp_path, tmp_path, 0)
    np.testing.assert_array_equal(whole.images[:, 0], images * 255)
    np.testing.assert_allclose(whole.values, sprites.true_values(classes))
    assert whole.masks is not None
    np.testing.assert_array_equal(whole.masks, images > 0)
    assert whole.factor_sizes == sprites.FACTOR_SIZES
    seen: list[tuple[int, int]] = []
    (tmp_path / "few").mkdir()
    few = DspritesSettings(images=9).load(tmp_path, tmp_path / "few", 1, lambda *s: seen.append(s))
    rows = [int(np.flatnonzero((sprites.true_values(classes) == v).all(axis=1))[0]) for v in few.values]
    assert len(set(rows)) == 9
    assert rows != sorted(rows)
    np.testing.assert_array_equal(few.images[:, 0], images[rows] * 255)
    assert seen[-1] == (9, 9)


def test_dsprites_halved_keeps_the_mean(tmp_path: Path) -> None:
    _, images = write_dsprites(tmp_path)
    half = DspritesSettings(image_size=32).load(tmp_path, tmp_path, 0)
    assert half.images.shape == (40, 1, 32, 32)
    np.testing.assert_allclose(half.images.mean(axis=(1, 2, 3)), images.mean(axis=(1, 2)) * 255, atol=0.1)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"imgs": np.zeros((39, 64, 64), np.uint8)}, r"imgs must be uint8 \(40, 64, 64\)"),
        ({"imgs": np.zeros((40, 64, 64), np.float32)}, "got float32"),
        ({"latents_values": np.zeros((40, 5))}, r"float64 \(n, 6\)"),
        ({"latents_values": np.full((40, 6), 9.0)}, "outside the published grid"),
        ({"latents_values": np.full((40, 6), np.nan)}, "outside the published grid"),
        ({"imgs": np.asfortranarray(np.zeros((40, 64, 64), np.uint8))}, "C order"),
        ({"imgs": np.array([{}], dtype=object)}, "imgs must be uint8"),
    ],
)
def test_dsprites_of_another_layout(tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    write_dsprites(tmp_path, **changes)
    with pytest.raises(CorruptFile, match=text):
        DspritesSettings().load(tmp_path, tmp_path, 0)


def test_damaged_dsprites(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="download it first"):
        DspritesSettings().load(tmp_path, tmp_path, 0)
    write_dsprites(tmp_path)
    with pytest.raises(NotEnoughImages, match="50 images were asked for and 40"):
        DspritesSettings(images=50).load(tmp_path, tmp_path, 0)
    path = tmp_path / dsprites.FILE_NAME
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, keep in (("imgs.npy", 9000), ("latents_values.npy", 300)):
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content[:keep] if member == name else content)
        with pytest.raises(TruncatedFile, match="fewer values than its header promises"):
            DspritesSettings().load(tmp_path, tmp_path, 0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("imgs.npy", members["imgs.npy"])
    with pytest.raises(CorruptFile, match="latents_values"):
        DspritesSettings().load(tmp_path, tmp_path, 0)
    path.write_bytes(b"PK not really")
    with pytest.raises(CorruptFile, match="not the published dSprites archive"):
        DspritesSettings().load(tmp_path, tmp_path, 0)


def write_shapes3d(
    folder: Path, rows: int = 30, **changes: Any
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (rows, 64, 64, 3), dtype=np.uint8)
    labels = np.column_stack(
        [*(rng.integers(0, 10, (3, rows)) / 10), rng.random(rows), rng.integers(0, 4, rows), rng.random(rows)]
    )
    path = folder / shapes3d.FILE_NAME
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, array in {"images": images, "labels": labels, **changes}.items():
            file.create_dataset(name, data=array)
    return images, labels


def test_shapes3d_streams_into_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = write_shapes3d(tmp_path)
    monkeypatch.setattr(shapes3d, "_ROWS_A_BLOCK", 8)
    whole = Shapes3dSettings().load(tmp_path, tmp_path, 0)
    np.testing.assert_array_equal(whole.images, images.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(whole.values, labels)
    (tmp_path / "few").mkdir()
    few = Shapes3dSettings(images=7, image_size=32).load(tmp_path, tmp_path / "few", 4)
    rows = [int(np.flatnonzero((labels == v).all(axis=1))[0]) for v in few.values]
    means = images[rows].reshape(7, 32, 2, 32, 2, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(few.images, means, atol=0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"images": np.zeros((30, 32, 32, 3), np.uint8)},
        {"images": np.zeros((30, 64, 64, 3), np.float32)},
        {"labels": np.zeros((29, 6))},
        {"labels": np.full((30, 6), 7.0)},
        {"labels": np.full((30, 6), np.nan)},
    ],
)
def test_shapes3d_of_another_layout(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_shapes3d(tmp_path, **changes)
    with pytest.raises(CorruptFile, match=r"were expected|outside the published grid"):
        Shapes3dSettings().load(tmp_path, tmp_path, 0)


def test_damaged_shapes3d(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="download it first"):
        Shapes3dSettings().load(tmp_path, tmp_path, 0)
    write_shapes3d(tmp_path)
    path = tmp_path / shapes3d.FILE_NAME
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(CorruptFile, match="ends too early"):
        Shapes3dSettings().load(tmp_path, tmp_path, 0)
    with h5py.File(path, "w") as file:
        file.create_dataset("labels", data=np.zeros((3, 6)))
    with pytest.raises(CorruptFile, match="images"):
        Shapes3dSettings().load(tmp_path, tmp_path, 0)
