"""`latent-audit sample` on runs of the small audits: what is drawn, asked for and refused, and its memory."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.audits.audits import Commands
from tests.audits.tiny_audit import COMMAND

pytestmark = pytest.mark.timeout(1200)

MIB_MORE = 150
MEMORY = """
import resource, sys
from latent_audit.flows.cli.main import main
code = main(sys.argv[1:])
print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")
sys.exit(code)
"""


def sample(commands: Commands, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    run, store = str(commands.run_folder("repeated")), str(commands.home / "artifacts")
    return subprocess.run(
        [COMMAND, "sample", run, "--store", store, *words],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def drawn(commands: Commands, place: Path, name: str, *words: str) -> list[dict[str, str]]:
    """Returns the rows of codes.csv of samples that were drawn into a new folder."""
    ended = sample(commands, place, "--output", name, *words)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    assert ended.stdout.endswith(f"codes.csv: {name}\n")
    with (place / name / "codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(commands: Commands, place: Path, *words: str) -> str:
    ended = sample(commands, place, "--output", "none", *words)
    assert ended.returncode == 2, ended
    assert not (place / "none").exists()
    return ended.stderr.removeprefix("latent-audit: ").rstrip()


def pictures(folder: Path) -> list[bytes]:
    return [np.asarray(Image.open(path)).tobytes() for path in sorted(folder.glob("*.png"))]


def test_samples_of_a_model_with_names(commands: Commands, tmp_path: Path) -> None:
    rows = drawn(commands, tmp_path, "few", "--model", "gan", "--number", "5", "--ask", "shape=heart")
    # effect of sample RUN --output --number
    assert [path.name for path in sorted((tmp_path / "few").iterdir())] == [
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
    more = drawn(commands, tmp_path, "more", "--model", "gan", "--number", "105", "--ask", "shape=heart")
    assert [row | {"image": ""} for row in rows] == [row | {"image": ""} for row in more[:5]]
    assert pictures(tmp_path / "few") == pictures(tmp_path / "more")[:5]
    other = drawn(
        commands, tmp_path, "other", "--model", "gan", "--number", "5", "--ask", "shape=heart", "--seed", "1"
    )
    # effect of sample --seed
    assert [row["code:free0"] for row in other] != [row["code:free0"] for row in rows]
    noise = ("--model", "gan", "--number", "5", "--ask", "shape=heart", "--noise")
    assert drawn(commands, tmp_path, "first", *noise, "1") == drawn(commands, tmp_path, "again", *noise, "1")
    drawn(commands, tmp_path, "second", *noise, "2")
    # effect of sample --noise
    assert pictures(tmp_path / "first") == pictures(tmp_path / "again") != pictures(tmp_path / "second")


def test_what_cannot_be_asked_for_is_refused_with_the_reason(commands: Commands, tmp_path: Path) -> None:
    some = ("--number", "2")
    said = refused(commands, tmp_path, *some, "--ask", "shape=heart")
    assert said.startswith(
        "vae cannot be asked for shape: it names no dimension after it, and that it lives "
    )
    said = refused(commands, tmp_path, *some, "--model", "gan", "--ask", "posX=3")
    assert re.fullmatch(r"posX lies between 0 and 1 in the data; 3 is outside, where .*", said)
    said = refused(commands, tmp_path, *some, "--model", "gan", "--ask", "shape=circle")
    assert said == "shape has the classes square, ellipse, heart; got circle"
    assert "--ask expects NAME=VALUE" in refused(commands, tmp_path, *some, "--ask", "colour=red")
    assert "it has vae, gan" in refused(commands, tmp_path, *some, "--model", "third")
    assert "takes none" in refused(commands, tmp_path, *some, "--noise", "1")
    assert "at least 1" in refused(commands, tmp_path, "--number", "0")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    ended = sample(commands, tmp_path, *some, "--output", "full")
    assert (ended.returncode, "is there already" in ended.stderr) == (2, True)
    run = commands.run_folder("repeated")
    ended = sample(commands, tmp_path, *some, "--output", str(run / "samples"))
    assert (ended.returncode, "lies in the run" in ended.stderr) == (2, True)
    assert not (run / "samples").exists()


def test_a_store_without_the_model_is_said_so(commands: Commands, tmp_path: Path) -> None:
    run = str(commands.run_folder("repeated"))
    words = (run, "--number", "2", "--output", "none", "--store", "elsewhere")
    ended = subprocess.run(
        [COMMAND, "sample", *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
    )
    # effect of sample --store
    assert (ended.returncode, "does not hold the data of this run" in ended.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_ten_thousand_samples_take_little_more_memory_than_a_hundred(
    commands: Commands, tmp_path: Path
) -> None:
    run, store = str(commands.run_folder("repeated")), str(commands.home / "artifacts")
    peaks, images = {}, {}
    for number in (100, 10_000):
        words = ("--number", str(number), "--format", "npz", "--output", f"{number}", "--store", store)
        ended = subprocess.run(
            [sys.executable, "-c", MEMORY, "sample", run, *words],
            cwd=tmp_path,
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
