"""Images and labels in one file: npz as in MedMNIST, parquet with the bytes of images as on Hugging Face."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from latent_audit.flows.cli.main import main
from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.errors import BadTable, DataError, MissingFile
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.own.image_file import ImageFileSettings
from latent_audit.vocabulary.reasons import reason

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 16, 16), dtype=np.uint8)
KINDS = np.arange(30) % 3


def loaded(path: Path, **given: Any) -> ImageSet:
    work = path.parent / "work"
    work.mkdir(exist_ok=True)
    settings = {"image_size": 16, "channels": 1, "fewest_images": 4, **given}
    return ImageFileSettings.model_validate({"path": path, **settings}).load(path.parent, work, 0)


def medmnist(path: Path, **more: Any) -> Path:
    parts = {"train": slice(0, 20), "val": slice(20, 25), "test": slice(25, 30)}
    arrays: dict[str, Any] = {f"{part}_images": PIXELS[rows] for part, rows in parts.items()}
    arrays |= {f"{part}_labels": KINDS[rows, None].astype(np.uint8) for part, rows in parts.items()}
    np.savez_compressed(path, **arrays, **more)
    return path


def test_an_npz_as_medmnist_has_it_is_read(tmp_path: Path) -> None:
    found = loaded(medmnist(tmp_path / "pathmnist.npz"), types={"labels": {"kind": "categorical"}})
    np.testing.assert_array_equal(found.images[:, 0], PIXELS)
    (attribute,) = found.attributes
    assert (attribute.name, attribute.kind, attribute.classes) == ("labels", "categorical", ("0", "1", "2"))
    np.testing.assert_array_equal(found.values[:, 0], KINDS)
    assert found.file_names is not None
    assert found.file_names[29] == "pathmnist.npz[29]"
    assert found.notes == (reason("note.parts_together", counted="train 20; val 5; test 5"),)


def test_other_arrays_become_attributes_and_images_are_fitted(tmp_path: Path) -> None:
    colour = np.stack([PIXELS.repeat(2, 1)] * 3, axis=3)  # 32 x 16
    np.savez(
        tmp_path / "own.npz", images=colour, labels=np.stack([KINDS == 0, KINDS == 1], 1).astype(int),
        age=np.linspace(1, 90, 30), site=np.array(["north", "south"] * 15), matrix=np.zeros((3, 3)),
    )  # fmt: skip
    found = loaded(tmp_path / "own.npz", channels=3, fit="pad")
    assert found.images.shape == (30, 3, 16, 16)
    kinds = {attribute.name: attribute.kind for attribute in found.attributes}
    assert kinds == {"labels 0": "binary", "labels 1": "binary", "age": "continuous", "site": "binary"}
    chosen = loaded(tmp_path / "own.npz", channels=3, attributes=["age"], images=10)
    assert [attribute.name for attribute in chosen.attributes] == ["age"]
    # Each image kept its own label.
    assert chosen.file_names is not None
    for name, age in zip(chosen.file_names, chosen.values[:, 0], strict=True):
        assert age == pytest.approx(np.linspace(1, 90, 30)[int(name.partition("[")[2][:-1])])


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def hugging_face(path: Path, rows: slice = slice(None), **changes: Any) -> Path:
    """Writes a file as `datasets` does: images as structures, classes as numbers whose names are in the metadata."""
    images = [{"bytes": png(one), "path": None} for one in PIXELS[rows]]
    columns = {"image": images, "label": KINDS[rows].tolist(), "age": PIXELS[rows, 0, 0].tolist(), **changes}
    features = {"label": {"names": ["cat", "dog", "owl"], "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)
    return path


def test_parquet_of_hugging_face_is_read_with_the_names_of_classes(tmp_path: Path) -> None:
    found = loaded(hugging_face(tmp_path / "train.parquet"))
    np.testing.assert_array_equal(found.images[:, 0], PIXELS)
    label = found.attributes[0]
    assert (label.name, label.classes) == ("label", ("cat", "dog", "owl"))
    np.testing.assert_array_equal(found.values[:, 0], KINDS)
    assert found.file_names is not None
    assert found.file_names[3] == "train[3]"


def test_a_folder_of_parquet_files_is_one_data_set(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    hugging_face(shards / "train-00000-of-00002.parquet", slice(0, 20))
    hugging_face(shards / "train-00001-of-00002.parquet", slice(20, 30))
    found = loaded(shards)
    np.testing.assert_array_equal(found.images[:, 0], PIXELS)
    assert found.file_names is not None
    assert found.file_names[20] == "train-00001-of-00002[0]"


def test_images_that_cannot_be_read_and_missing_cells_can_be_left_out(tmp_path: Path) -> None:
    broken: list[dict[str, Any]] = [
        {"bytes": png(one), "path": f"{row}.png"} for row, one in enumerate(PIXELS)
    ]
    broken[4] = {"bytes": b"no image", "path": "4.png"}
    ages = [None if row == 7 else row // 2 for row in range(30)]
    path = hugging_face(tmp_path / "train.parquet", image=broken, age=ages)
    with pytest.raises(BadTable, match="age"):
        loaded(path)
    found = loaded(path, on_problem="skip", on_missing="leave_out")
    assert found.file_names == tuple(f"{row}.png" for row in range(30) if row not in (4, 7))
    np.testing.assert_array_equal(found.images[:, 0], np.delete(PIXELS, (4, 7), 0))
    notes = [english(note) for note in found.notes]
    assert any("4.png is not an image" in note for note in notes)
    assert any("age in 3.3%" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("a.npz", lambda path: np.savez(path, y=KINDS), r"none of its arrays is named images, .*it has y"),
        ("a.npz", lambda path: np.savez(path, images=PIXELS), "it has no labels"),
        (
            "a.npz",
            lambda path: np.savez(path, images=PIXELS[..., None].repeat(4, 3), y=KINDS),
            "1 or 3 channels",
        ),
        (
            "a.npz",
            lambda path: np.savez(path, train_images=PIXELS, test_labels=KINDS),
            "must be in each of the parts",
        ),
        (
            "a.npz",
            lambda path: np.savez(path, images=np.array([{}, []] * 15, dtype=object), allow_pickle=True),
            "images holds Python objects",
        ),
        (
            "a.parquet",
            lambda path: hugging_face(path, image=KINDS),
            "one column must hold the bytes of images; none",
        ),
        (
            "a.parquet",
            lambda path: hugging_face(path, other=[b"x"] * 30),
            "one column must hold .*image, other",
        ),
        ("a.parquet", lambda path: path.write_bytes(b"PAR1 and no more"), "it is damaged"),
        ("a.txt", lambda path: path.write_text("a"), "no npz file of arrays and no parquet file"),
    ],
)
def test_what_cannot_be_used_is_said(name: str, write: Any, said: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    with pytest.raises(DataError, match=said):
        loaded(tmp_path / name)


def test_an_npz_that_unpacks_to_more_than_is_allowed_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1001):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(BadTable, match="1,001 arrays"):
        loaded(path)
    with pytest.raises(MissingFile, match=r"data\.path is .*absent"):
        loaded(tmp_path / "absent")
    with pytest.raises(BadTable, match="it holds 30 images and at least 100 are needed"):
        loaded(medmnist(tmp_path / "few.npz"), fewest_images=100)


def test_the_command_recognises_and_describes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, labels in (
        (medmnist(tmp_path / "pathmnist.npz"), "labels"),
        (hugging_face(tmp_path / "train.parquet"), "label, age"),
    ):
        assert main(["inspect", str(path)]) == 0
        said = capsys.readouterr().out
        assert "is a file of images and labels" in said
        assert f"30 images; labels: {labels}" in said
        assert f"kind: file\n    path: {path}" in said
        words = ["--data.path", str(path), "--data.fewest_images", "4", "--data.image_size", "16"]
        assert main(["data", "file", *words]) == 2  # too few for an audit
        assert "label" in capsys.readouterr().out


def test_fractions_a_little_beyond_one_are_not_read_as_black(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, images=PIXELS / 255 * 1.02, labels=KINDS)
    with pytest.raises(DataError, match=r"got fractions up to 1\.02: cut them at 1"):
        loaded(path)
    np.savez(path, images=np.where(np.arange(30)[:, None, None] < 15, PIXELS / 255, PIXELS), labels=KINDS)
    with pytest.raises(DataError, match="15 of 30 images have pixels in 0 to 1 and others up to 255"):
        loaded(path)
    np.savez(path, images=PIXELS / 255 * (1 + 1e-6) - 1e-9, labels=KINDS)
    np.testing.assert_array_equal(loaded(path).images[:, 0], PIXELS)


def npy(header: str) -> bytes:
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (
            npy("{'descr': '|u1', 'fortran_order': False, 'shape': (10**15,)}"),
            "images of its arrays cannot be read",
        ),
        (
            npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000000,)}"),
            "images needs more memory than there is .*, or the file is damaged",
        ),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (4,)}"), "images holds Python objects"),
    ],
)
def test_arrays_that_cannot_be_read_are_named(tmp_path: Path, member: bytes, said: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("images.npy", member)
        archive.writestr("labels.npy", member)
    with pytest.raises(BadTable, match=said):
        loaded(tmp_path / "x.npz")


def test_a_damaged_compressed_array_is_refused_with_a_sentence(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", images=PIXELS, labels=KINDS)
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[200:260] = b"\xff" * 60
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(BadTable, match="images of its arrays cannot be read"):
        loaded(tmp_path / "x.npz")


def test_arrays_that_are_no_labels_are_named_and_no_label_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, images=PIXELS, labels=KINDS, when=np.array(["2020-01-01"] * 30, "M8[D]"))
    notes = [english(note) for note in loaded(path).notes]
    assert "Arrays that are no labels of these images are left out: when datetime64[D] (30,)." in notes
    same: dict[str, Any] = {"a": np.stack([KINDS, KINDS], 1), "a 0": KINDS}
    np.savez(path, images=PIXELS, **same)
    with pytest.raises(BadTable, match="the name 'a 0' of a label stands more than once"):
        loaded(path)
    nameless: dict[str, Any] = {"": KINDS}
    np.savez(path, images=PIXELS, **nameless)
    with pytest.raises(BadTable, match="the name '' of a label is empty"):
        loaded(path)
    np.savez(path, train_images=PIXELS, labels=KINDS)
    assert [attribute.name for attribute in loaded(path).attributes] == ["labels"]


def test_parquet_files_with_odd_columns_are_refused_for_what_they_have(tmp_path: Path) -> None:
    images = pa.array([{"bytes": png(one)} for one in PIXELS])
    path = tmp_path / "x.parquet"
    for columns, names, said in (
        ([images, pa.array(KINDS), pa.array(KINDS)], ["image", "a", "a"], "names stand more than once: a$"),
        ([images, pa.array(KINDS)], ["image", ""], "a column has no name"),
        ([images, pa.array([0] * 30, pa.timestamp("s"))], ["image", "when"], r"numbers \(left out: when\)"),
    ):
        pq.write_table(pa.Table.from_arrays(columns, names=names), path)
        with pytest.raises(BadTable, match=said):
            loaded(path)


def test_classes_of_one_name_stay_apart_and_minus_one_is_no_class(tmp_path: Path) -> None:
    def with_names(names: list[str], label: list[int]) -> Path:
        images = pa.array([{"bytes": png(one)} for one in PIXELS])
        features = {"info": {"features": {"label": {"_type": "ClassLabel", "names": names}}}}
        table = pa.table({"image": images, "label": label})
        path = tmp_path / "x.parquet"
        pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(features)}), path)
        return path

    found = loaded(with_names(["a", "a", "b"], KINDS.tolist()))
    assert [attribute.kind for attribute in found.attributes] == ["ordinal"]
    with pytest.raises(BadTable, match="column 'label' has 1 empty or not finite cells"):
        loaded(with_names(["a", "b", "c"], [-1, *KINDS[1:].tolist()]))
