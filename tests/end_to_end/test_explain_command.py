"""`latent-audit explain` on the runs of the small audits: what is said, refused, written, and left as it was."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from PIL import Image

from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.audits import Commands
from tests.audits.tiny_audit import COMMAND

pytestmark = [
    pytest.mark.timeout(1200),
    # MLflow uses what its database library is about to drop.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]

LARGEST_PAGE = 1_500_000


def called(commands: Commands, place: Path, image: str, *words: str) -> subprocess.CompletedProcess[str]:
    run, store = str(commands.run_folder("repeated")), str(commands.home / "artifacts")
    return subprocess.run(
        [COMMAND, "explain", run, image, "--store", store, *words],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def explained(commands: Commands, place: Path, image: str, *words: str) -> dict[str, Any]:
    """Returns an explanation as JSON."""
    ended = called(commands, place, image, "--format", "json", "--output", "found.json", *words)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    found: dict[str, Any] = json.loads((place / "found.json").read_text(encoding="utf-8"))
    return found


def own_image(place: Path, name: str = "mine.png") -> str:
    """Writes a dark square on white, wider than high, in colour."""
    pixels = np.full((120, 200, 3), 255, np.uint8)
    pixels[40:80, 80:120] = 30
    Image.fromarray(pixels).save(place / name)
    return name


def state_of(folder: Path) -> dict[str, str]:
    return {path.name: digest_of_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_page_of_an_image_of_ones_own(commands: Commands, tmp_path: Path) -> None:
    run = commands.run_folder("repeated")
    before = state_of(run)
    ended = called(commands, tmp_path, own_image(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    # effect of explain RUN IMAGE
    assert ended.stdout.endswith("explanation: mine-explained.html\n")
    page = (tmp_path / "mine-explained.html").read_text(encoding="utf-8")
    assert len(page.encode()) <= LARGEST_PAGE
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert "The attribute classifier says that" in page
    for said in (
        "Its brightness was turned: it has a light ground, and the data have a dark one.",
        "Its colours were made grey, as the data are grey.",
        "Cropped to its central square: 40 % of its pixels are left out.",
        "no label of it is known",
        "This model has no discriminator.",
    ):
        assert said in page
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings[:3] == [
        "The image", "What the classifier says", "Its code beside those of held-out images"
    ]  # fmt: skip
    assert state_of(run) == before
    assert {path.name for path in tmp_path.iterdir()} == {"mine.png", "mine-explained.html"}
    verified = subprocess.run(
        [COMMAND, "verify", str(run)], capture_output=True, text=True, check=False, timeout=600
    )
    assert verified.returncode == 0


def test_a_row_of_the_data_with_each_option(commands: Commands, tmp_path: Path) -> None:
    plain = explained(commands, tmp_path, "7")
    assert plain["image"]["source"] == "data"
    assert (plain["subject"]["model"], plain["subject"]["seed"]) == ("vae", 0)
    assert {row["attribute"] for row in plain["said"]} == {"shape", "scale", "orientation", "posX", "posY"}
    assert all(row["label"] for row in plain["said"])
    assert [row["measure"] for row in plain["unusual"]] == [
        "reconstruction_error", "code_distance", "nearest_distance"
    ]  # fmt: skip
    assert len(plain["neighbours"]) == 6
    assert [row["distance"] for row in plain["neighbours"]] == sorted(
        row["distance"] for row in plain["neighbours"]
    )
    assert 7 not in [row["row"] for row in plain["neighbours"]]
    gan = explained(commands, tmp_path, "7", "--model", "gan")
    # effect of explain --model
    assert gan["subject"]["model"] == "gan"
    terms = gan["discriminator"]["terms"]
    assert "free0" not in [term["name"] for term in terms]  # by its verdict it has earned no name
    for part in gan["shapley"]:
        total = sum(share["value"] for share in part["shares"])
        assert total == pytest.approx(part["everybody"] - part["nobody"], abs=1e-4)
    other = explained(commands, tmp_path, "7", "--seed", "1")
    # effect of explain --seed
    assert (other["subject"]["seed"], [row["seed"] for row in other["seeds"]]) == (1, [0])
    maps = explained(commands, tmp_path, "7", "--method", "lime")["maps"]
    # effect of explain --method
    assert {one["method"] for one in maps} <= {"Lime"}
    against = explained(commands, tmp_path, "7", "--against", "8")
    # effect of explain --against
    assert all(part["absent_codes"] == 1 for part in against["shapley"])
    assert (tmp_path / "found.json").is_file()


def test_where_the_page_goes_and_in_which_language(commands: Commands, tmp_path: Path) -> None:
    words = ("--output", "seite.html", "--language", "zh", "--attribute", "posX")
    ended = called(commands, tmp_path, "3", *words)
    assert ended.returncode == 0, ended
    # effect of explain --output
    assert [path.name for path in tmp_path.iterdir()] == ["seite.html"]
    page = (tmp_path / "seite.html").read_text(encoding="utf-8")
    # effect of explain --language
    assert '<html lang="zh">' in page
    # effect of explain --attribute
    assert "属性分类器认为 posX 是" in page
    found = explained(commands, tmp_path, "3", "--attribute", "posX")
    # effect of explain --format
    assert (found["format"], found["about"]) == (1, "posX")
    assert {part["attribute"] for part in found["shapley"]} <= {"posX"}


def test_mlflow_hears_of_it_when_asked_to_alone(commands: Commands, tmp_path: Path) -> None:
    facts = json.loads((commands.run_folder("repeated") / "run.json").read_text(encoding="utf-8"))
    uri = f"sqlite:///{commands.home / 'artifacts' / 'mlflow' / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    run_id = facts["mlflow"]["parent_run_id"]

    def logged() -> list[str]:
        return [Path(file.path).name for file in client.list_artifacts(run_id, "explanations")]

    assert called(commands, tmp_path, "4").returncode == 0
    assert logged() == []
    ended = called(commands, tmp_path, "4", "--track")
    assert ended.returncode == 0, ended
    # effect of explain --track
    assert logged() == ["4-explained.html"]


def test_what_cannot_be_explained_is_a_sentence(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    whole = (tmp_path / own_image(tmp_path)).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    for image, sentence in {
        "text.png": "text.png is not an image in one of the formats",
        "half.png": "half.png is truncated or corrupt",
        "huge.png": "the limit is 64,000,000",
        "absent.png": "absent.png is no file and no row number of the data (0 to 1799)",
        "1800": "the data have the rows 0 to 1799; there is no row 1800",
    }.items():
        ended = called(commands, tmp_path, image)
        assert (ended.returncode, sentence in ended.stderr, "Traceback" in ended.stderr) == (
            2,
            True,
            False,
        ), ended
    for words, sentence in {
        ("--attribute", "colour"): "the data have no attribute 'colour'",
        ("--seed", "9"): "vae has no seed 9 in this run; it has 0, 1",
        ("--language", "xx"): "there is no catalogue for language 'xx'",
        ("--output", str(commands.run_folder("repeated") / "page.html")): "lies in the run, which is sealed",
    }.items():
        ended = called(commands, tmp_path, "4", *words)
        assert (ended.returncode, sentence in ended.stderr) == (2, True), ended
    words = (str(commands.run_folder("repeated")), "4", "--store", "elsewhere")
    ended = subprocess.run(
        [COMMAND, "explain", *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
    )
    # effect of explain --store
    assert (ended.returncode, "does not hold the data of this run" in ended.stderr) == (1, True)
