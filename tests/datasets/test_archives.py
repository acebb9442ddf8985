"""Archives from strangers: names that lead out, and contents that swell."""

import zipfile
from pathlib import Path

import pytest

from latent_audit.tasks.datasets.celeba import CelebaSettings
from latent_audit.tasks.datasets.celeba_attributes import ATTRIBUTE_NAMES
from latent_audit.tasks.datasets.dsprites import FILE_NAME, DspritesSettings
from latent_audit.tasks.datasets.errors import CorruptFile, TooLarge
from latent_audit.tasks.datasets.images import archives
from latent_audit.tasks.datasets.images.archives import refuse_hostile


def archive_of(path: Path, *names: str, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def refused(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        refuse_hostile(archive, path)


@pytest.mark.parametrize(
    "name", ["../a.jpg", "a/../../b.jpg", "/etc/passwd", "..\\a.jpg", "C:\\a.jpg", "C:/a.jpg", ".."]
)
def test_names_that_lead_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(CorruptFile, match="leads out of its folder"):
        refused(archive_of(tmp_path / "a.zip", "img/000001.jpg", name))


def test_names_with_dots_in_them_are_fine(tmp_path: Path) -> None:
    refused(archive_of(tmp_path / "a.zip", "img/000001.jpg", "..a/b..jpg", "a/./b.jpg"))


def test_what_swells_is_refused_by_ratio_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archive_of(tmp_path / "bomb.zip", "a", "b", content=bytes(3_000_000))
    refused(bomb)  # six million bytes fill no disk, however they are packed
    monkeypatch.setattr(archives, "_SMALL_BYTES", 1_000_000)
    with pytest.raises(TooLarge, match=r"unpack to 6,000,000, more than 400 times as much"):
        refused(bomb)
    monkeypatch.setattr(archives, "_LARGEST_BYTES", 5_000_000)
    with pytest.raises(TooLarge, match="unpacks to 6,000,000 bytes; the limit is 5,000,000"):
        refused(bomb)
    monkeypatch.setattr(archives, "_MAX_ENTRIES", 1)
    with pytest.raises(TooLarge, match="lists 2 entries; the limit is 1"):
        refused(bomb)


def test_readers_of_archives_refuse_them(tmp_path: Path) -> None:
    archive_of(tmp_path / "celeba" / "img_align_celeba.zip", "img_align_celeba/000001.jpg", "../outside.jpg")
    row = "000001.jpg " + " ".join(["1"] * 40)
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text(f"1\n{' '.join(ATTRIBUTE_NAMES)}\n{row}\n")
    with pytest.raises(CorruptFile, match=r"img_align_celeba\.zip has an entry named '\.\./outside\.jpg'"):
        CelebaSettings().load(tmp_path, tmp_path, 0)
    archive_of(tmp_path / FILE_NAME, "imgs.npy", "/latents_values.npy")
    with pytest.raises(CorruptFile, match="leads out of its folder"):
        DspritesSettings().load(tmp_path, tmp_path, 0)


def test_an_archive_of_an_unknown_version_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / FILE_NAME, tmp_path / "celeba" / "img_align_celeba.zip"):
        archive_of(path, "img/000001.jpg")
        content = bytearray(path.read_bytes())
        content[content.index(b"PK\x01\x02") + 6] = 255
        path.write_bytes(content)
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text(
        f"1\n{' '.join(ATTRIBUTE_NAMES)}\n000001.jpg {'1 ' * len(ATTRIBUTE_NAMES)}\n"
    )
    for settings in (DspritesSettings(), CelebaSettings()):
        with pytest.raises(CorruptFile, match=r"zip file version 25\.5"):
            settings.load(tmp_path, tmp_path / "work", 0)
