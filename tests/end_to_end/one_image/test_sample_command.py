"""`latent-audit sample`: what is drawn, asked for and refused, and how much memory it takes."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.audits.audits import Commands

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(1200)]

MIB_MORE = 150
MEMORY = """
import resource, sys
from latent_audit.flows.cli.main import main
code = main(sys.argv[1:])
print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")
sys.exit(code)
"""


def drawn(explained: Commands, name: str) -> list[dict[str, str]]:
    """Returns the rows of codes.csv of samples."""
    ended = explained.ended[name]
    assert ended.code == 0, ended
    assert ended.out.endswith(f"codes.csv: {name}\n")
    with (explained.home / name / "codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pictures(folder: Path) -> list[bytes]:
    return [np.asarray(Image.open(path)).tobytes() for path in sorted(folder.glob("*.png"))]


def test_samples_of_a_model_with_names(explained: Commands) -> None:
    rows, home = drawn(explained, "few"), explained.home
    # effect of sample RUN --output --number
    assert [path.name for path in sorted((home / "few").iterdir())] == [
        *(f"{image:06d}.png" for image in range(5)), "codes.csv"
    ]  # fmt: skip
    assert [row["image"] for row in rows] == [f"{image:06d}.png" for image in range(5)]
    # effect of sample --model
    assert {name for name in rows[0] if name.startswith("code:")} == {
        "code:shape=square", "code:shape=ellipse", "code:shape=heart", "code:posX", "code:free0"
    }  # fmt: skip
    # effect of sample --ask
    assert [row["asked:shape"] for row in rows] == ["heart"] * 5
    assert all(float(row["code:shape=heart"]) > float(row["code:shape=square"]) for row in rows)
    assert len({row["asked:posX"] for row in rows}) > 1  # its own draw, of the data's combinations
    assert {row["combination occurs in training"] for row in rows} <= {"yes", "no"}
    assert {row["read:shape"] for row in rows} <= {"square", "ellipse", "heart"}
    more = drawn(explained, "more")
    assert len(more) == 105
    assert rows == more[:5]
    assert pictures(home / "few") == pictures(home / "more")[:5]
    # effect of sample --seed
    assert [row["code:free0"] for row in drawn(explained, "seed")] != [row["code:free0"] for row in rows]
    one, other = drawn(explained, "noise 1"), drawn(explained, "noise 2")
    assert [row["code:free0"] for row in one] == [row["code:free0"] for row in other]
    # effect of sample --noise
    assert pictures(home / "noise 1") != pictures(home / "noise 2")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no place", "vae cannot be asked for shape: it names no dimension after it, and that it lives "),
        ("outside", "posX lies between 0 and 1 in the data; 3 is outside, where no model has seen an image"),
        ("no class", "shape has the classes square, ellipse, heart; got 'circle'"),
        (
            "no name",
            "--ask expects NAME=VALUE, separated by commas, with one of the attributes shape, scale, ",
        ),
        ("no model", "this run has no model 'third'; it has vae, gan, autoencoder"),
        ("no noise", "--noise fixes the noise of a decoder, and that of vae takes none: leave it out"),
        ("no number", "--number must be at least 1"),
        ("full", "full is there already: give a new or an empty folder as --output"),
        ("samples in the run", "runs/latest/samples lies in the run, which is sealed: give another --output"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(
    explained: Commands, name: str, sentence: str
) -> None:
    assert sentence in explained.last_line(name, 2)
    assert not (explained.home / "none").exists()


def test_a_store_without_the_model_is_said_so(explained: Commands) -> None:
    said = explained.last_line("samples of another store", 1)
    # effect of sample --store
    assert re.search(r"the store .*elsewhere does not hold the data of this run", said)
    assert not (explained.home / "elsewhere").exists()


def test_ten_thousand_samples_take_little_more_memory_than_a_hundred(
    explained: Commands, tmp_path: Path
) -> None:
    peaks, images = {}, {}
    for number in (100, 10_000):
        words = ("--number", str(number), "--format", "npz", "--output", str(tmp_path / f"{number}"))
        ended = subprocess.run(
            [sys.executable, "-c", MEMORY, "sample", "runs/latest", *words],
            cwd=explained.home,
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
        peaks[number] = int(ended.stdout.split()[-1]) / 1024
        with np.load(tmp_path / f"{number}" / "images.npz", allow_pickle=False) as file:
            images[number] = file["images"]
    print(f"peak of 100: {peaks[100]:.0f} MiB, of 10,000: {peaks[10_000]:.0f} MiB")
    # effect of sample --format
    assert {number: found.shape for number, found in images.items()} == {
        100: (100, 1, 32, 32), 10_000: (10_000, 1, 32, 32)
    }  # fmt: skip
    assert peaks[10_000] - peaks[100] <= MIB_MORE
    assert (images[10_000][:100] == images[100]).all()
