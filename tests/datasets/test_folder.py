"""A user's own folder: what is inferred, what can be said, and every way in which it can be wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from latent_audit.tasks.datasets.errors import BadTable, CorruptImage, MissingFile, NotEnoughImages, TooLarge
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.tables.column_types import ColumnType

ROWS = 12


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of 12 images, grey growing with their number, some in a folder inside it, and their table."""
    (tmp_path / "images" / "inner").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    for k in range(ROWS):
        name = f"inner/{k:02d}.png" if k % 3 == 0 else f"{k:02d}.PNG" if k == 1 else f"{k:02d}.jpg"
        Image.new("RGB", (20, 24), (20 * k,) * 3).save(tmp_path / "images" / name, quality=95)
    (tmp_path / "images" / "notes.txt").write_text("not an image, needs no row")
    write(tmp_path, table(tmp_path))
    return tmp_path


def table(own: Path) -> pd.DataFrame:
    paths = sorted((p for p in (own / "images").rglob("*") if p.suffix != ".txt"), key=lambda p: p.stem)
    return pd.DataFrame(
        {
            "file": [p.relative_to(own / "images").as_posix() for p in paths if not p.is_dir()],
            "lit": ["no", "yes"] * 6,
            "colour": ["red", "green", "blue"] * 4,
            "grade": [1, 2, 3, 5] * 3,
            "angle": np.arange(ROWS) * 30.5,
            "flag": [True, False] * 6,
            "size": ["small", "large", "middle"] * 4,
        }
    )


def write(own: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(own / "table.csv", index=False)


def settings(own: Path, **changes: Any) -> FolderSettings:
    given = {"folder": own / "images", "table": own / "table.csv", "image_size": 16, "fewest_images": 4}
    return FolderSettings.model_validate({**given, **changes})


def load(own: Path, **changes: Any) -> Any:
    return settings(own, **changes).load(own, own / "work", 0)


def test_types_are_inferred(own: Path) -> None:
    loaded = load(own)
    kinds = {a.name: a.kind for a in loaded.attributes}
    assert kinds == {
        "lit": "binary",
        "colour": "categorical",
        "grade": "ordinal",
        "angle": "continuous",
        "flag": "binary",
        "size": "categorical",
    }
    assert loaded.attributes[0].classes == ("no", "yes")
    assert loaded.attributes[1].classes == ("blue", "green", "red")
    np.testing.assert_array_equal(
        loaded.values[:3], [[0, 2, 1, 0, 1, 2], [1, 1, 2, 30.5, 0, 0], [0, 0, 3, 61, 1, 1]]
    )
    np.testing.assert_allclose(loaded.images.mean(axis=(1, 2, 3)), 20 * np.arange(ROWS), atol=2)
    assert loaded.images.shape == (ROWS, 3, 16, 16)


def test_types_can_be_said(own: Path) -> None:
    loaded = load(
        own,
        channels=1,
        attributes=["angle", "size", "grade"],
        types={
            "angle": {"kind": "cyclic", "period": 360, "unit": "degree"},
            "size": {"kind": "ordinal", "levels": ["small", "middle", "large"]},
            "grade": "continuous",
        },
    )
    angle, size, grade = loaded.attributes
    assert (angle.kind, angle.period, angle.unit) == ("cyclic", 360, "degree")
    assert (size.kind, size.classes) == ("ordinal", ("small", "middle", "large"))
    assert grade.kind == "continuous"
    np.testing.assert_array_equal(loaded.values[:3, 1], [0, 2, 1])
    assert loaded.images.shape[1] == 1


def test_limit_and_repeatability(own: Path) -> None:
    first = load(own, images=5)
    pixels, values = np.array(first.images), first.values
    again = load(own, images=5)
    np.testing.assert_array_equal(pixels, again.images)
    np.testing.assert_array_equal(values, again.values)
    np.testing.assert_allclose(pixels.mean(axis=(1, 2, 3)), values[:, 3] / 30.5 * 20, atol=2)
    with pytest.raises(NotEnoughImages, match="13 images were asked for and 12"):
        load(own, images=13)


def test_all_problems_come_at_once(own: Path) -> None:
    frame = table(own)
    frame["grade"] = frame["grade"].astype(float)
    frame.loc[2, "grade"] = np.nan
    frame.loc[3, "colour"] = None
    frame.loc[4, "angle"] = np.inf
    frame.loc[5, "file"] = str(frame.loc[6, "file"])
    frame.loc[7, "file"] = "../secret.jpg"
    frame.loc[8, "file"] = "/etc/passwd"
    frame.loc[9, "file"] = "nowhere.jpg"
    write(own, frame)
    with pytest.raises(BadTable) as caught:
        load(own, fewest_images=50)
    text = str(caught.value)
    for expected in (
        "column 'grade' has 1 empty or not finite cells, the first in line 4",
        "column 'colour' has 1 empty",
        "column 'angle' has 1 empty",
        "1 file names stand in more than one row: inner/06.png",
        "2 paths are absolute or lead out of the folder; write them relative to it: ../secret.jpg, /etc/passwd",
        "1 rows name an image that is not in",
        "nowhere.jpg",
        "4 images have no row in the table; add rows or move them away: 05.jpg, 07.jpg, 08.jpg, inner/09.png",
        "there are 12 rows and at least 50 are needed",
    ):
        assert expected in text
    assert len(caught.value.problems) == 8


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("who,lit,size\n00,1,2\n", "no column `file` with the images' paths; found who, lit, size"),
        ("file,lit,lit\n00.png,1,2\n", "stand more than once: 'lit'"),
        ("file,,lit\n00.png,1,2\n", "column 2 has no name"),
        ("file,,\n00.png,1,2\n", "1 rows do not fit the header, which names 1 columns: line 2 has 3 cells"),
        ("file\n00.png\n", "no attribute column"),
        ("", "it is empty"),
        ("\n\n", "it is empty"),
    ],
)
def test_header_problems(own: Path, content: str, text: str) -> None:
    (own / "table.csv").write_text(content, encoding="utf-8")
    with pytest.raises(BadTable, match=text):
        load(own)


def test_unknown_attribute_and_type_names(own: Path) -> None:
    with pytest.raises(BadTable, match=r"no column 'weight', which data\.attributes names"):
        load(own, attributes=["lit", "weight"])
    with pytest.raises(BadTable, match=r"data\.types names 'weight', which is not an attribute"):
        load(own, types={"weight": "continuous"})


@pytest.mark.parametrize(
    ("column", "types", "text"),
    [
        ([4] * ROWS, {}, "is 4 in every row; a constant cannot be audited"),
        (["one"] * ROWS, {}, "is 'one' in every row"),
        (["a", "b", "c"] * 4, {"new": "continuous"}, "holds words such as 'a' and cannot be continuous"),
        (["a", "b", "c"] * 4, {"new": "ordinal"}, "cannot be ordinal"),
        (["a", "b", "c"] * 4, {"new": "binary"}, "has 3 distinct values and cannot be binary"),
        (
            ["a", "b", "c"] * 4,
            {"new": {"kind": "ordinal", "levels": ["a", "b"]}},
            "holds 'c', which is not among",
        ),
    ],
)
def test_columns_that_cannot_have_their_type(own: Path, column: list[Any], types: Any, text: str) -> None:
    write(own, table(own).assign(new=column))
    with pytest.raises(BadTable, match=text):
        load(own, types=types)


def test_too_many_classes(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latent_audit.tasks.datasets.tables.column_types._MAX_CLASSES", 10)
    write(own, table(own).assign(new=[f"person {k}" for k in range(ROWS)]))
    with pytest.raises(BadTable, match="12 distinct values, too many for classes"):
        load(own)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "cyclic"},
        {"kind": "binary", "period": 2},
        {"kind": "binary", "levels": ["a", "b"]},
        "round",
        {"kind": "ordinal", "levels": ["a", "a"]},
    ],
)
def test_types_that_make_no_sense_are_refused_as_settings(given: Any) -> None:
    with pytest.raises(ValidationError):
        ColumnType.model_validate(given)


def test_missing_table_and_folder(own: Path) -> None:
    with pytest.raises(MissingFile, match="there is no table at"):
        load(own, table=own / "other.csv")
    with pytest.raises(MissingFile, match="there is no folder at"):
        load(own, folder=own / "other")


def test_rows_that_do_not_fit_the_header_are_named_by_line(own: Path) -> None:
    rows = "00.png,1\n\n00.png,1,2\n" + '"01\n.png",1\n' + "02.png\n"
    (own / "table.csv").write_text(f"file,lit\n{rows}", encoding="utf-8")
    with pytest.raises(BadTable, match="2 rows do not fit the header, which names 2 columns") as caught:
        load(own)
    assert "line 4 has 3 cells; line 7 has 1 cells" in str(caught.value)


def test_excel_mark_at_the_start_is_no_part_of_the_name(own: Path) -> None:
    content = (own / "table.csv").read_bytes()
    (own / "table.csv").write_bytes(b"\xef\xbb\xbf" + content)
    assert len(load(own).images) == ROWS


def test_links_that_lead_out_are_refused_and_links_inside_are_read(own: Path) -> None:
    outside = own / "outside.jpg"
    Image.new("RGB", (20, 20)).save(outside)
    (own / "images" / "02.jpg").unlink()
    (own / "images" / "02.jpg").symlink_to(outside)
    with pytest.raises(BadTable, match=r"1 images are links that lead out of the folder: 02\.jpg"):
        load(own)
    (own / "images" / "02.jpg").unlink()
    (own / "images" / "02.jpg").symlink_to(own / "images" / "04.jpg")
    assert len(load(own).images) == ROWS


def test_a_linked_folder_is_not_entered(own: Path) -> None:
    (own / "elsewhere").mkdir()
    Image.new("RGB", (20, 20)).save(own / "elsewhere" / "99.jpg")
    (own / "images" / "link").symlink_to(own / "elsewhere")
    frame = table(own)
    frame.loc[0, "file"] = "link/99.jpg"
    write(own, frame)
    with pytest.raises(BadTable, match=r"rows name an image that is not in .*: link/99\.jpg"):
        load(own)


def test_corrupt_images_are_named(own: Path) -> None:
    (own / "images" / "04.jpg").write_bytes((own / "images" / "05.jpg").read_bytes()[:400])
    with pytest.raises(CorruptImage, match=r"04\.jpg is"):
        load(own)
    (own / "images" / "07.jpg").write_bytes(b"")
    with pytest.raises(BadTable, match=r"04\.jpg is[^\n]*\n.*07\.jpg is not an image"):
        load(own)


def test_pixel_limit(own: Path) -> None:
    with pytest.raises(BadTable, match=r"00\.png is 20 x 24 = 480 pixels; the limit is 479"):
        load(own, pixel_limit=479)
    Image.new("RGB", (30, 30)).save(own / "images" / "08.jpg")
    with pytest.raises(TooLarge, match=r"08\.jpg is 30 x 30 = 900 pixels"):
        load(own, pixel_limit=480)
