"""Forms in which people have their data: folders of classes, parquet, missing cells, several labels in one cell."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.errors import BadTable, DataError, MissingFile
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.recognise import recognise_data
from latent_audit.tasks.stages.inputs.part_notes import missing_notes
from tests.datasets.own_folder import OwnFolder, notes_of, write_images


@pytest.fixture
def own(tmp_path: Path) -> OwnFolder:
    return OwnFolder(tmp_path)


def class_folders(home: Path, names: list[str]) -> FolderSettings:
    write_images(home / "pictures", names)
    (home / "work").mkdir(exist_ok=True)
    return FolderSettings(folder=home / "pictures", image_size=16, fewest_images=4)


def test_folders_are_the_classes_where_there_is_no_table(tmp_path: Path) -> None:
    names = [
        f"{kind}/{part}/{k}.png" for kind in ("cat", "dog", "owl") for part in ("a", "b") for k in range(3)
    ]
    loaded = class_folders(tmp_path, names).load(tmp_path, tmp_path / "work", 0)
    (attribute,) = loaded.attributes
    assert (attribute.name, attribute.kind, attribute.classes) == (
        "class",
        "categorical",
        ("cat", "dog", "owl"),
    )
    assert loaded.file_names is not None
    read = [attribute.classes[int(code)] for code in loaded.values[:, 0]]
    assert read == [name.partition("/")[0] for name in loaded.file_names]
    assert any(
        note.startswith("There is no table: the 3 folders below pictures") for note in notes_of(loaded)
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["cat/1.png", "dog/1.png", "3.png", "4.png"], "2 images lie in no folder of a class: 3.png, 4.png"),
        ([f"cat/{k}.png" for k in range(5)], "all images lie in one folder, cat"),
        (["cat/1.png", "dog/1.png"], "it holds 2 images and at least 4 are needed"),
    ],
)
def test_folders_that_are_no_classes_are_refused(names: list[str], said: str, tmp_path: Path) -> None:
    settings = class_folders(tmp_path, names)
    with pytest.raises(BadTable, match=said):
        settings.load(tmp_path, tmp_path / "work", 0)
    with pytest.raises(MissingFile, match=r"data\.folder names"):
        settings.model_copy(update={"folder": tmp_path / "absent"}).load(tmp_path, tmp_path / "work", 0)


def test_a_parquet_table_is_read_as_the_same_csv(own: OwnFolder) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "file": own.names,
            "age": rng.normal(size=24),
            "kind": pd.Categorical(["a", "b", "c"] * 8),
            "lit": [True, False] * 12,
            "photo": [b"\x00"] * 24,
        }
    )
    frame.drop(columns="photo").to_csv(own.table, index=False)
    expected = own.load()
    parquet = own.home / "labels.parquet"
    frame.to_parquet(parquet)
    found = own.load(table=parquet)
    assert found.attributes == expected.attributes
    np.testing.assert_array_equal(found.values, expected.values)
    assert "Columns that hold no words or numbers are left out: photo." in notes_of(found)
    parquet.write_bytes(parquet.read_bytes()[:200])
    with pytest.raises(BadTable, match="damaged parquet"):
        own.load(table=parquet)


def test_images_without_a_value_are_refused_or_left_out(own: OwnFolder) -> None:
    lit = ["no", "yes"] * 12
    lit[3], lit[7] = "", "NaN"
    own.write({"lit": lit, "size": np.arange(24) / 7})
    with pytest.raises(BadTable, match="2 empty or not finite cells"):
        own.load()
    loaded = own.load(on_missing="leave_out")
    assert loaded.file_names == tuple(name for k, name in enumerate(own.names) if k not in (3, 7))
    np.testing.assert_allclose(loaded.values[:, 1], np.delete(np.arange(24) / 7, [3, 7]))
    assert any("2 of 24 images are left out" in note and "lit in 8.3%" in note for note in notes_of(loaded))


def test_images_without_a_value_are_kept_where_asked_for(own: OwnFolder) -> None:
    lit, size = ["no", "yes"] * 12, [f"{k / 7:.3f}" for k in range(24)]
    lit[3], lit[7], size[3] = "", "NaN", ""
    own.write({"lit": lit, "size": size})
    loaded = own.load(on_missing="keep")
    assert [attribute.kind for attribute in loaded.attributes] == ["binary", "continuous"]
    assert np.flatnonzero(np.isnan(loaded.values[:, 0])).tolist() == [3, 7]
    assert np.flatnonzero(np.isnan(loaded.values[:, 1])).tolist() == [3]
    assert loaded.values[[0, 1], 0].tolist() == [0.0, 1.0]
    (note,) = (english(note) for note in missing_notes(loaded))
    assert "lit in 8.3%, size in 4.2%" in note
    assert "1 images have none at all" in note
    own.write({"lit": lit, "size": [""] * 24})
    with pytest.raises(BadTable, match="'size' has no value in any row"):
        own.load(on_missing="keep")


def test_each_label_of_a_cell_becomes_an_attribute(own: OwnFolder) -> None:
    cells = [["hat|smile", "smile", "", "hat | glasses"][k % 4] for k in range(24)]
    own.write({"tags": cells}, delimiter=";")
    loaded = own.load(labels={"tags": "|"})
    assert [attribute.name for attribute in loaded.attributes] == [
        "tags: glasses",
        "tags: hat",
        "tags: smile",
    ]
    hat = loaded.attributes[1]
    assert [hat.classes[int(code)] for code in loaded.values[:4, 1]] == ["yes", "no", "no", "yes"]
    with pytest.raises(BadTable, match=r"no column 'other', which data\.labels names"):
        own.load(labels={"other": "|"})


def test_skipped_problems_leave_an_image_of_two_rows_out(own: OwnFolder) -> None:
    own.write()
    with own.table.open("a") as table:
        table.write("i05.png,yes\n")
    with pytest.raises(BadTable, match="file names stand in more than one row"):
        own.load()
    loaded = own.load(on_problem="skip")
    assert loaded.file_names is not None
    assert "i05.png" not in loaded.file_names
    assert len(loaded.images) == len(loaded.values) == 23
    with pytest.raises(DataError, match="rows with an image and at least 24"):
        own.load(on_problem="skip", fewest_images=24)


@pytest.mark.parametrize("form", ["classes", "images", "table", "parquet", "array"])
def test_data_are_recognised(form: str, own: OwnFolder) -> None:
    own.write()
    if form == "classes":
        found = recognise_data(class_folders(own.home, ["a/1.png", "b/2.png"]).folder)
        assert found.settings == {"kind": "folder", "folder": str(own.home / "pictures")}
    elif form == "images":
        found = recognise_data(own.images)
        assert found.settings["table"] == "TABLE.csv"
        assert found.missing
    elif form == "table":
        found = recognise_data(own.table)
        assert found.found[0] == "24 rows of 2 columns: file, lit"
    elif form == "parquet":
        pd.DataFrame({"a": [1, 2]}).to_parquet(own.home / "x.bin")
        found = recognise_data(own.home / "x.bin")
        assert found.found[0] == "2 rows of 1 columns: a"
    else:
        np.save(own.home / "codes.npy", np.zeros((4, 2)))
        found = recognise_data(own.home / "codes.npy")
        assert found.found == ("float64 of shape (4, 2)",)


def test_parts_of_a_data_set_are_no_classes(tmp_path: Path) -> None:
    names = [f"{part}/{kind}/{k}.png" for part in ("train", "Test") for kind in "ab" for k in range(3)]
    settings = class_folders(tmp_path, names)
    with pytest.raises(BadTable, match="the folders Test, train are parts of a data set and no classes"):
        settings.load(tmp_path, tmp_path / "work", 0)


def test_folders_whose_names_differ_in_blanks_are_likely_one_class(tmp_path: Path) -> None:
    names = [f"{kind}/{k}.png" for kind in ("a", " a", "b") for k in range(3)]
    loaded = class_folders(tmp_path, names).load(tmp_path, tmp_path / "work", 0)
    assert any("' a', 'a', which are likely one" in note for note in notes_of(loaded))
