"""Data as people have them go in by the words of a command: nothing is converted, and no code is written."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from latent_audit.flows.cli.main import main
from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.own.pixel_measures import measure_pixels
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.in_memory.columns import measured
from latent_audit.tasks.settings.layers import load_settings

RANDOM = np.random.default_rng(0)
GREY = ["--data.image_size", "16", "--data.channels", "1"]
MEASURED = ["brightness", "contrast", "centre x", "centre y", "extent", "detail"]


def pictures(count: int, side: int = 16) -> np.ndarray:
    return RANDOM.integers(0, 256, (count, side, side), dtype=np.uint8)


def save_all(folder: Path, names: list[str]) -> None:
    for name, pixels in zip(names, pictures(len(names)), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name, compress_level=0)


def class_folders(home: Path) -> list[str]:
    save_all(home / "pictures", [f"{kind}/{k}.png" for kind in ("cat", "dog") for k in range(60)])
    return ["--data.kind", "folder", "--data.folder", "pictures"]


def unlabelled(home: Path) -> list[str]:
    save_all(home / "pictures", [f"{k}.png" for k in range(120)])
    return ["--data.kind", "folder", "--data.folder", "pictures", "--data.unlabelled", "true"]


def unlabelled_npz(home: Path) -> list[str]:
    np.savez(home / "scans.npz", images=pictures(120))
    return ["--data.kind", "file", "--data.path", "scans.npz", "--data.unlabelled", "true"]


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def parquet(home: Path) -> list[str]:
    rows = [{"bytes": png(pixels), "path": f"{k}.png"} for k, pixels in enumerate(pictures(120))]
    pd.DataFrame({"image": rows, "label": np.arange(120) % 3}).to_parquet(home / "train.parquet")
    return ["--data.kind", "file", "--data.path", "train.parquet"]


def medmnist(home: Path) -> list[str]:
    sizes = {"train": 80, "val": 20, "test": 20}
    arrays = {f"{part}_images": pictures(size, 28) for part, size in sizes.items()}
    arrays |= {f"{part}_labels": (np.arange(size) % 4)[:, None] for part, size in sizes.items()}
    np.savez(home / "mnist.npz", allow_pickle=False, **arrays)
    return ["--data.kind", "file", "--data.path", "mnist.npz"]


def olivetti(home: Path) -> list[str]:
    """Faces as fetch_olivetti_faces returns them: floating-point numbers in 0 to 1, ten images of each person."""
    person = np.repeat(np.arange(40), 10)
    np.savez(home / "faces.npz", images=RANDOM.random((400, 64, 64), dtype=np.float32), target=person, person=person,
             smiling=RANDOM.integers(0, 2, 400))  # fmt: skip
    return ["--data.kind", "file", "--data.path", "faces.npz", "--data.groups", "person"]


def with_gaps_and_groups(home: Path) -> list[str]:
    names = [f"{k}.png" for k in range(200)]
    save_all(home / "pictures", names)
    size = [f"{k / 7:.2f}" if k % 10 else "" for k in range(200)]
    rows = [f"{name};{k // 4};{size[k]};{('flat', 'round')[k % 2]}" for k, name in enumerate(names)]
    (home / "table.csv").write_text("\n".join(["file;patient;size;kind", *rows]) + "\n")
    words = ["--data.kind", "folder", "--data.folder", "pictures", "--data.table", "table.csv"]
    return [*words, "--data.groups", "patient", "--data.on_missing", "leave_out"]


FORMS: dict[str, tuple[Callable[[Path], list[str]], int, list[str]]] = {
    "class folders": (class_folders, 120, ["class"]),
    "unlabelled images": (unlabelled, 120, MEASURED),
    "unlabelled npz": (unlabelled_npz, 120, MEASURED),
    "parquet with image bytes": (parquet, 120, ["label"]),
    "npz as in MedMNIST": (medmnist, 120, ["labels"]),
    "faces as in Olivetti": (olivetti, 400, ["smiling", "target"]),
    "a table with missing cells and groups": (with_gaps_and_groups, 180, ["size", "kind"]),
}


def loaded(words: list[str], home: Path) -> ImageSet:
    data = load_settings(None, [*words, *GREY]).data
    return data.load(home, home, 0)


@pytest.mark.parametrize("form", FORMS)
def test_data_go_in_without_a_line_of_code(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, images, attributes = FORMS[form]
    monkeypatch.chdir(tmp_path)
    found = loaded(make(tmp_path), tmp_path)
    assert found.images.shape == (images, 1, 16, 16)
    assert sorted(attribute.name for attribute in found.attributes) == sorted(attributes)
    assert np.isfinite(found.values).all()
    if "groups" in form or "Olivetti" in form:
        assert found.groups is not None
        assert len(np.unique(found.groups)) in (40, 50)
    if "unlabelled" in form:
        (note,) = [english(one) for one in found.notes if one["key"] == "note.unlabelled"]
        assert "measured in the pixels (brightness, contrast, centre x" in note
        assert "Labels of what people see" in note


def test_digits_of_scikit_learn_go_in_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = load_digits()
    np.savez(tmp_path / "digits.npz", images=(digits.images * 15.9).astype(np.uint8), digit=digits.target)
    monkeypatch.chdir(tmp_path)
    assert main(["data", "file", "--data.path", "digits.npz", *GREY]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "1,797 images of 16 x 16 pixels, 1 channels" in said
    assert "parts of an audit: model_train" in said


def test_what_is_measured_in_pixels_is_true() -> None:
    images = np.zeros((4, 3, 21, 21), np.uint8)
    images[0, :, 4, 15] = 255
    images[1, 0] = 255
    images[2, :, 5:16, 5:16] = 100
    names, values = measure_pixels(images)
    assert [one.name for one in names] == [*MEASURED, "warmth", "saturation"]
    by_name = dict(zip((one.name for one in names), values.T, strict=True))
    assert by_name["centre x"][0] == pytest.approx(0.75)
    assert by_name["centre y"][0] == pytest.approx(0.2)
    assert by_name["extent"][0] == pytest.approx(0)
    assert by_name["warmth"].tolist() == [0, 1, 0, 0]
    assert by_name["saturation"].tolist() == [0, 1, 0, 0]
    assert by_name["brightness"][2] == pytest.approx(100 / 255 * 121 / 441)
    assert by_name["extent"][3] == 0  # a blank image
    assert by_name["centre x"][3] == 0.5
    assert measure_pixels(np.zeros((3, 1, 16, 16), np.uint8))[1].shape == (3, 0)
    typed = measured(images)  # as `latent_audit.audit` without attributes has it
    np.testing.assert_array_equal(typed.values, values)
    assert [one["key"] for one in typed.notes] == ["note.unlabelled"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data.table", "table.csv"], "unlabelled images have no table"),
        (["--data.groups", "patient"], "unlabelled images have no columns, and groups names some"),
    ],
)
def test_labels_of_unlabelled_images_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_settings(
            None, ["--data.kind", "folder", "--data.folder", "x", "--data.unlabelled", "true", *words]
        )


def test_every_fault_of_one_folder_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{k}.png" for k in range(120)]
    save_all(tmp_path / "pictures", [*names, "without a row.png"])
    rows = [
        f"{name},{k % 2},0,{'' if k == 3 else k % 2},{'many' if k == 5 else k * 1.5},{name}x"
        for k, name in enumerate(names)
    ]
    table = ["file,lit,constant,gap,number,identifier", *rows, "gone.png,1,0,1,2.5,y"]
    (tmp_path / "table.csv").write_text("\n".join(table) + "\n")
    monkeypatch.chdir(tmp_path)
    words = ["data", "folder", "--data.folder", "pictures", "--data.table", "table.csv", *GREY]
    assert main(words) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "gone.png" in said
    assert "without a row.png" in said
    (tmp_path / "table.csv").write_text("\n".join(table[:-1]) + "\n")
    (tmp_path / "pictures" / "without a row.png").unlink()
    assert main(words) == 2
    said = " ".join(capsys.readouterr().out.split())
    for fault in ("'constant' is 0 in every row", "'gap' has 1 empty", "'number'", "'identifier'"):
        assert fault in said, (fault, said)
