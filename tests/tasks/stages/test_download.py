"""Download: a user's own files by content; public ones from a mirror, read in place."""

import gzip
import io
import os
import struct
from pathlib import Path

import pytest

from latent_audit.tasks.datasets.celeba import CelebaSettings
from latent_audit.tasks.datasets.errors import MissingFile
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.mnist import MnistSettings
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.downloads.fetch_errors import ChecksumMismatch, FetchError, MissingInMirror
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.stages.data.download import download


@pytest.fixture
def display() -> ProgressDisplay:
    return ProgressDisplay(io.StringIO())


@pytest.fixture
def own(tmp_path: Path) -> FolderSettings:
    (tmp_path / "pictures" / "inner").mkdir(parents=True)
    (tmp_path / "pictures" / "a.png").write_bytes(b"first")
    (tmp_path / "pictures" / "inner" / "b.png").write_bytes(b"second")
    (tmp_path / "table.csv").write_text("file,x\na.png,1\ninner/b.png,2\n")
    return FolderSettings(folder=tmp_path / "pictures", table=tmp_path / "table.csv")


def test_sprites_need_no_file(tmp_path: Path, display: ProgressDisplay) -> None:
    files = download(SpritesSettings(), tmp_path / "store", display)
    assert files.sha256 == {}
    assert not (tmp_path / "store").exists()


def test_own_files_stand_for_their_content(
    own: FolderSettings, tmp_path: Path, display: ProgressDisplay
) -> None:
    files = download(own, tmp_path, display)
    assert files.folder == own.folder
    assert set(files.sha256) == {"table", "images"}
    elsewhere = tmp_path / "elsewhere"
    own.folder.rename(elsewhere)
    moved = own.model_copy(update={"folder": elsewhere})
    assert download(moved, tmp_path, display).key_part() == files.key_part()

    def changed() -> set[str]:
        now = download(moved, tmp_path, display).sha256
        return {name for name in now if now[name] != files.sha256[name]}

    (elsewhere / "a.png").rename(elsewhere / "c.png")
    assert changed() == {"images"}
    (elsewhere / "c.png").rename(elsewhere / "a.png")
    assert changed() == set()
    (elsewhere / "inner" / "b.png").write_bytes(b"secone")
    own.table.write_text("file,x\n")
    assert changed() == {"images", "table"}


@pytest.mark.parametrize("which", ["table", "folder"])
def test_own_files_that_are_not_there(
    own: FolderSettings, which: str, tmp_path: Path, display: ProgressDisplay
) -> None:
    settings = own.model_copy(update={which: tmp_path / "nowhere"})
    said = rf"data\.{which} is .*nowhere, and there is no such {which}"
    with pytest.raises(MissingFile, match=said):
        download(settings, tmp_path, display)


def test_a_pipe_as_table_is_not_waited_for(
    own: FolderSettings, tmp_path: Path, display: ProgressDisplay
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        MissingFile, match=r"data\.table is .*pipe, which is no file: copy the table into one"
    ):
        download(own.model_copy(update={"table": tmp_path / "pipe"}), tmp_path, display)
    with pytest.raises(MissingFile, match=r"data\.table is .*pictures, which is no file"):
        download(own.model_copy(update={"table": own.folder}), tmp_path, display)
    with pytest.raises(MissingFile, match=r"data\.folder is .*table\.csv, which is no folder"):
        download(own.model_copy(update={"folder": own.table}), tmp_path, display)


def test_files_that_are_not_read_count_for_nothing(
    own: FolderSettings, tmp_path: Path, display: ProgressDisplay
) -> None:
    before = download(own, tmp_path, display).sha256
    os.mkfifo(own.folder / "000.png")
    (own.folder / "loop").symlink_to(own.folder)
    (own.folder / ".DS_Store").write_bytes(b"where the window was")
    (own.folder / "._a.png").write_bytes(b"resource fork")
    (own.folder / "Thumbs.db").write_bytes(b"thumbnails")
    Path(os.fsdecode(os.fsencode(own.folder) + b"/caf\xe9.txt")).write_bytes(b"name that is no UTF-8")
    Path(os.fsdecode(os.fsencode(own.folder) + b"/caf\xe9.png")).write_bytes(b"refused when it is read")
    assert download(own, tmp_path, display).sha256 == before


def test_a_link_stands_for_the_image_that_it_leads_to(
    own: FolderSettings, tmp_path: Path, display: ProgressDisplay
) -> None:
    (own.folder / "link.png").symlink_to("a.png")
    before = download(own, tmp_path, display).sha256["images"]
    (own.folder / "link.png").unlink()
    (own.folder / "link.png").symlink_to("inner/b.png")
    assert download(own, tmp_path, display).sha256["images"] != before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"<!DOCTYPE html><html>quota exceeded</html>",
            "is a web page, which its host gave instead of the file",
        ),
        (b"\n <html>", "is a web page"),
        (b"nothing", "is not a zip archive, as its name says"),
        (b"", "is not a zip archive, as its name says"),
    ],
)
def test_a_page_in_place_of_an_archive_is_not_called_verified(
    content: bytes, said: str, tmp_path: Path, display: ProgressDisplay
) -> None:
    folder = tmp_path / "mirror" / "celeba"
    folder.mkdir(parents=True)
    (folder / "img_align_celeba.zip").write_bytes(content)
    (folder / "list_attr_celeba.txt").write_text("0\n", encoding="utf-8")
    with pytest.raises(ChecksumMismatch, match=rf"img_align_celeba\.zip {said}.*Google Drive"):
        download(CelebaSettings(mirror=str(tmp_path / "mirror")), tmp_path / "store", display)


def test_files_without_a_digest_are_not_called_verified(real_data: Path, tmp_path: Path) -> None:
    said = io.StringIO()
    download(CelebaSettings(mirror=str(real_data)), tmp_path / "store", ProgressDisplay(said))
    assert (
        "1 of 2 files verified by their digests, the others taken as the mirror has them, in"
        in said.getvalue()
    )


def test_a_mirror_folder_must_have_the_published_files(tmp_path: Path, display: ProgressDisplay) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "mnist").mkdir(parents=True)
    settings = MnistSettings(mirror=str(mirror), part="train")
    with pytest.raises(MissingInMirror, match=r"mnist/train-images-idx3-ubyte\.gz"):
        download(settings, tmp_path / "store", display)
    wrong = gzip.compress(struct.pack(">IIII", 2051, 1, 28, 28) + bytes(784))
    (mirror / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(wrong)
    with pytest.raises(ChecksumMismatch, match=r"is not the published file: .*md5"):
        download(settings, tmp_path / "store", display)
    assert issubclass(ChecksumMismatch, FetchError)


def test_a_mirror_folder_is_read_in_place(real_data: Path, tmp_path: Path) -> None:
    stream = io.StringIO()
    settings = MnistSettings(mirror=str(real_data), part="train")
    files = download(settings, tmp_path / "store", ProgressDisplay(stream))
    assert files.folder == real_data.absolute()
    assert list(files.sha256) == ["mnist/train-images-idx3-ubyte.gz", "mnist/train-labels-idx1-ubyte.gz"]
    assert stream.getvalue() == f" 0:00  downloading: 2 files verified in {real_data}\n"
    assert list((tmp_path / "store").rglob("*.gz")) == []
