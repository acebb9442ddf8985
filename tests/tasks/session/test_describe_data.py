"""The data page: what was understood, and every fault and oddity before hours are spent."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latent_audit.flows.cli.main import main


def write_odd_data(home: Path, count: int = 2000) -> None:
    """Writes images with one oddity of each kind, and their table."""
    rng = np.random.default_rng(0)
    (home / "pictures").mkdir()
    pixels = rng.integers(40, 215, (count, 20, 20), dtype=np.uint8)
    pixels[1] = pixels[0]
    pixels[20:40] = pixels[40:60] + 1
    rows = ["file,lit,rare,age,years,word"]
    for k, picture in enumerate(pixels):
        name = f"{k:04d}.png"
        image = Image.fromarray(picture)
        (image.resize((40, 20)) if k == 9 else image).save(home / "pictures" / name, compress_level=0)
        age = 900.0 if k == 5 else rng.normal(40, 10)
        word = ["red", "Red", "blue"][k % 3]
        rows.append(f"{name},{k % 2},{int(k < 12)},{age},{2 * age},{word}")
    (home / "table.csv").write_text("\n".join(rows) + "\n")


def test_every_oddity_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_odd_data(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = [
        "--data.folder",
        "pictures",
        "--data.table",
        "table.csv",
        "--data.image_size",
        "20",
        "--data.channels",
        "1",
    ]
    assert main(["data", "folder", *words]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "2,000 images of 20 x 20 pixels, 1 channels",
        "2 of 2,000 images are identical to another, pixel for pixel (0000.png = 0001.png)",
        "have other attributes than their copies",
        "nearly repeat in another part, as ",
        "'age' has 1 values far outside the others",
        "rare is not tested: too few to test",
        "has the classes 'Red', 'red', which are likely one",
        "'age' and 'years' are likely one attribute twice",
        "1 of 2,000 images are not square",
        "parts of an audit: model_train",
    ):
        assert part in said, (part, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("constant", "'lit' is 0 in every row"),
        ("missing cell", "1 empty or not finite cells"),
        ("absent image", "rows name an image that is not in"),
        ("no table", "there is no such table"),
    ],
)
def test_what_would_end_an_audit_ends_with_2(
    change: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "pictures").mkdir()
    rows = ["file,lit"]
    for k in range(120):
        Image.new("L", (16, 16), k).save(tmp_path / "pictures" / f"{k}.png")
        lit = "0" if change == "constant" else "" if change == "missing cell" and k == 3 else str(k % 2)
        rows.append(f"{k}.png,{lit}")
    if change == "absent image":
        rows.append("gone.png,1")
    if change != "no table":
        (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path)
    assert main(["data", "folder", "--data.folder", "pictures", "--data.table", "table.csv"]) == 2
    printed = capsys.readouterr()
    assert said in " ".join((printed.out + printed.err).split())
    assert "Traceback" not in printed.out + printed.err
