"""Names in a table as other machines write them: resolved where one image fits, refused where several or none do."""

import errno
import os
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.datasets.errors import BadTable
from latent_audit.tasks.datasets.tables.image_names import ImageNames
from tests.datasets.own_folder import OwnFolder, notes_of, write_images, write_table
from tests.deep_folders import nest

NFC, NFD = (unicodedata.normalize(form, "crème/é.png") for form in ("NFC", "NFD"))


@pytest.fixture
def own(tmp_path: Path) -> OwnFolder:
    return OwnFolder(tmp_path)


@pytest.mark.parametrize(
    ("written", "path", "how"),
    [
        ("a/0001.jpg", "a/0001.jpg", ""),
        ("a\\0001.jpg", "a/0001.jpg", "backslashes"),
        (".\\a\\0001.jpg", "a/0001.jpg", "backslashes empty_steps"),
        ("./a//0001.jpg", "a/0001.jpg", "empty_steps"),
        (" a/0001.jpg\t", "a/0001.jpg", "blanks"),
        ("A/0001.JPG", "a/0001.jpg", "case"),
        ("a/0001", "a/0001.jpg", "without_extension"),
        ("A/0001", "a/0001.jpg", "without_extension"),
        ("a/0001.png", "a/0001.jpg", "other_extension"),
        ("photos/a/0001.jpg", "a/0001.jpg", "own_name"),
        ("my/photos/a/0001.jpg", "a/0001.jpg", "own_name"),
        ("PHOTOS/b.png", "photos/b.png", "case"),
        ("photos/b.png", "photos/b.png", ""),
        (
            "C:\\Users\\ada\\photos\\a\\0001.jpg",
            "a/0001.jpg",
            "backslashes elsewhere",
        ),
        (
            "/data/photos/a/0001.jpg",
            "a/0001.jpg",
            "elsewhere",
        ),
        (NFC, NFD, "unicode_form"),
        ("STRASSE.png", "straße.png", "case"),
    ],
)
def test_a_name_means_the_one_image_that_fits(tmp_path: Path, written: str, path: str, how: str) -> None:
    images = ["a/0001.jpg", "photos/b.png", NFD, "straße.png"]
    match = ImageNames(images, tmp_path / "my" / "photos").match(written)
    assert match.path == path
    assert match.how == tuple(how.split())


def test_an_absolute_path_within_the_folder_is_read_also_behind_a_link(tmp_path: Path) -> None:
    folder, link = tmp_path / "real", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    for home in (folder, link):
        match = ImageNames(["a.png"], link).match(str(home / "a.png"))
        assert (match.path, match.how) == ("a.png", ("absolute",))


@pytest.mark.parametrize(
    ("written", "images", "several"),
    [
        ("A.PNG", ["a.png", "A.png"], ("A.png", "a.png")),
        ("a", ["a.png", "a.jpg"], ("a.jpg", "a.png")),
        ("é", ["é.png", "e\u0301.png"], ("e\u0301.png", "é.png")),
    ],
)
def test_a_name_that_could_be_several_images_is_not_guessed(
    tmp_path: Path, written: str, images: list[str], several: tuple[str, ...]
) -> None:
    match = ImageNames(images, tmp_path).match(written)
    assert match.path is None
    assert match.several == several


@pytest.mark.parametrize(
    "written", ["../a.png", "x/../../a.png", "/etc/passwd", "C:/secret.png", "..\\a.png"]
)
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, written: str) -> None:
    match = ImageNames(["a.png"], tmp_path / "photos").match(written)
    assert match.path is None
    assert match.leads_out


def test_what_was_resolved_is_said_and_its_rows_keep_their_values(own: OwnFolder) -> None:
    changed = [
        name.replace(".png", ".PNG") if k < 5 else f"images\\{name}" for k, name in enumerate(own.names)
    ]
    write_table(own.table, {"file": changed, "size": [k / 2 for k in range(24)]})
    loaded = own.load()
    assert loaded.file_names == tuple(own.names)
    assert [int(image[0, 0, 0]) * 0.5 for image in loaded.images] == loaded.values[:, 0].tolist()
    text = "\n".join(notes_of(loaded))
    assert (
        "5 file names are matched to images although written otherwise (other case), as 'i00.PNG' for 'i00.png'."
        in text
    )
    assert (
        "19 file names are matched to images although written otherwise (backslashes, with the folder's own"
        in text
    )


def test_two_rows_of_one_image_are_found_however_they_are_written(own: OwnFolder) -> None:
    own.write_text("file,lit\ni00.png,1\nI00.PNG,2\n")
    with pytest.raises(BadTable, match=r"1 file names stand in more than one row: i00\.png"):
        own.load()


def test_names_that_look_alike_are_refused_with_their_forms(own: OwnFolder) -> None:
    write_images(own.images, ["é.png", "e\u0301.png"])
    own.write_text("file,lit\n" + "é,1\n" + "".join(f"{name},0\n" for name in own.names))
    with pytest.raises(BadTable) as caught:
        own.load()
    text = str(caught.value)
    assert r"\xe9 could be any of these images, which differ in case, extension or the Unicode form" in text
    assert r"e\u0301.png, \xe9.png" in text


def test_hidden_and_system_files_are_left_out_and_said(own: OwnFolder) -> None:
    hidden = [
        "._i00.png",
        ".DS_Store",
        "__MACOSX/i00.png",
        "__MACOSX/._i01.png",
        ".ipynb_checkpoints/i02-checkpoint.png",
    ]
    write_images(own.images, [*hidden, "@eaDir/i03.png/x.jpg"])
    for name in ("Thumbs.db", "desktop.ini", "readme.txt"):
        (own.images / name).write_bytes(b"system")
    own.write()
    loaded = own.load()
    assert len(loaded.images) == 24
    assert any(
        note.startswith("5 hidden and system files beside the images are left out")
        for note in notes_of(loaded)
    )
    own.write_text("file,lit\n._i00.png,1\n" + "".join(f"{name},0\n" for name in own.names))
    with pytest.raises(
        BadTable, match=r"1 rows name a hidden or system file, which is left out: \._i00\.png"
    ):
        own.load()


def test_linked_folders_are_said(own: OwnFolder) -> None:
    elsewhere = own.home / "elsewhere"
    write_images(elsewhere, ["99.png"])
    (own.images / "more").symlink_to(elsewhere)
    (own.images / "round").symlink_to(own.images)
    own.write()
    assert "2 linked folders are not entered: more, round." in notes_of(own.load())
    own.write_text("file,lit\nmore/99.png,1\n" + "".join(f"{name},0\n" for name in own.names))
    with pytest.raises(
        BadTable, match=r"in a linked folder; links to folders are not followed: .*: more/99\.png"
    ):
        own.load()


@pytest.mark.parametrize("suffix", [".heic", ".svg", ".DCM", ".jxl", ".ppm"])
def test_images_of_kinds_that_are_not_read_are_named(own: OwnFolder, suffix: str) -> None:
    (own.images / f"new{suffix}").write_bytes(b"image")
    own.write_text(f"file,lit\nnew{suffix},1\n" + "".join(f"{name},0\n" for name in own.names))
    with pytest.raises(BadTable, match=rf"1 rows name an image of a kind that is not read; .*: new\{suffix}"):
        own.load()
    own.write()
    assert any("files of kinds that are not read are left out" in note for note in notes_of(own.load()))


def test_file_names_that_are_not_utf8_are_named(own: OwnFolder) -> None:
    for folder in (b"", b"caf\xe9/"):
        raw = os.fsencode(own.images) + b"/" + folder + b"caf\xe9\x1b.png"
        Path(os.fsdecode(raw)).parent.mkdir(exist_ok=True)
        Path(os.fsdecode(raw)).write_bytes((own.images / "i00.png").read_bytes())
    own.write()
    with pytest.raises(BadTable) as caught:
        own.load()
    text = str(caught.value)
    assert (
        r"2 images have names that are not UTF-8; rename them: caf\xe9\x1b.png, caf\xe9/caf\xe9\x1b.png"
        in text
    )
    text.encode("utf-8")


def test_what_has_an_images_name_and_is_no_file_is_named(own: OwnFolder) -> None:
    os.mkfifo(own.images / "pipe.png")
    (own.images / "loop.png").symlink_to("loop.png")
    (own.images / "gone.png").symlink_to("nowhere.png")
    own.write()
    with pytest.raises(
        BadTable, match=r"3 names of images belong to no regular files .*: gone\.png, loop\.png, pipe\.png"
    ):
        own.load()


def test_folders_deeper_than_pythons_stack_are_read(own: OwnFolder) -> None:
    own.write()
    nest(own.images / "deep", 1_200)
    try:
        assert own.load().file_names == tuple(own.names)
    finally:
        subprocess.run(["rm", "-rf", own.images / "deep"], check=True)


def test_a_folder_that_cannot_be_read_is_named(own: OwnFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not its images, as if they were not there."""
    (own.images / "locked").mkdir()
    real = os.scandir

    def scandir(place: str) -> Any:
        if place.endswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)
        return real(place)

    own.names[3] = "locked/i03.png"
    own.write()
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(BadTable, match=r"1 folders cannot be read, so .*: locked/ \(Permission denied\)"):
        own.load()
