"""Bad input, through the command: each has its sentence and its exit code, none a traceback, and nothing is lost."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.reports.page.number_text import number
from tests.audits.audits import Commands, write_pictures
from tests.audits.brought.hostile_models import MARK as HOSTILE_MARK
from tests.plain_audit import read_audit
from tests.ports import free_port
from tests.vae_models.test_hostile_programs import MARK

# ---------------------------------------------------------------- what the command refuses by itself


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


Said = Callable[..., str]


@pytest.fixture(autouse=True)
def _environment_stays() -> Iterator[None]:
    """Commands prepare their process; the next test's must not find a store that is gone."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def said(here: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs the command and returns what it says on standard error; of `data`, all that it prints."""

    def run(*words: str, code: int) -> str:
        assert main(words) == code
        shown = capsys.readouterr()
        text = shown.err if words[0] != "data" else " ".join((shown.out + shown.err).split())
        assert "Traceback" not in text
        # The data page prints what is wrong with the data below what it understood; what it cannot read ends it.
        assert ("fault: " if words[0] == "data" and code == 2 else "latent-audit: ") in text
        return text

    return run


@pytest.fixture
def pictures(here: Path) -> Callable[..., list[str]]:
    """Returns the words that describe a folder of pictures, its table edited by a function of its lines."""

    def make(edit: Callable[[list[str]], list[str]] = lambda lines: lines) -> list[str]:
        write_pictures(here)
        table = here / "table.csv"
        table.write_text("\n".join(edit(table.read_text().splitlines())) + "\n")
        return ["data", "folder", "--data.folder", "pictures", "--data.table", "table.csv"]

    return make


def test_own_pictures_are_described(
    pictures: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """What the refusals below differ from in one thing."""
    assert main(pictures()) == 2
    shown = capsys.readouterr().out
    assert shown.count("fault: ") == 1
    assert "fault: 120 images are too few for the parts of the audit" in " ".join(shown.split())
    assert "120 images of 64 x 64 pixels, 3 channels" in shown
    assert "tall" in shown


def test_hostile_names_in_what_is_described_are_a_line_each(
    pictures: Callable[..., list[str]], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = pictures(lambda lines: [lines[0].replace("tall", '"tall\x1b[2J\rwhole: 9 files"'), *lines[1:]])
    table = here / "t\x1b[2J\nwhole: 9 files.csv"
    table.write_text((here / "table.csv").read_text(), encoding="utf-16")
    assert main([*words[:-1], json.dumps(table.name)]) == 2
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert not [line for line in shown.splitlines() if line.startswith("whole")]
    assert re.search(r"note: .*t⟨U\+001B⟩\[2J⟨U\+000A⟩whole: 9 files\.csv.*UTF-16", shown)


def test_unknown_keys_and_wrong_types_at_once(said: Said, here: Path) -> None:
    text = said("run", "--data.imagesize", "3", "--seeds", "many", "--models.vae.beta", "4", code=2)
    assert "the settings have 3 problems" in text
    assert "data.imagesize: unknown setting; did you mean image_size?" in text
    assert "seeds: expected a list, as in [first, second] (got 'many')" in text
    assert "models.vae.beta: unknown setting" in text
    assert list(here.iterdir()) == []


def test_duplicate_names(said: Said, here: Path) -> None:
    (here / "two.yaml").write_text("models:\n  a: {kind: vae}\n  a: {kind: vae}\n")
    assert "two.yaml, from line 2: given twice: a" in said("run", "two.yaml", code=2)


def test_not_a_number_in_settings(said: Said, here: Path) -> None:
    assert "models.vae.learning_rate: " in said("run", "--models.vae.learning_rate", ".nan", code=2)
    assert list(here.iterdir()) == []


def test_missing_settings_file(said: Said) -> None:
    assert "cannot read the settings file none.yaml: No such file" in said("run", "none.yaml", code=2)


def test_missing_files_of_ones_own(said: Said, here: Path) -> None:
    words = ["data", "folder", "--data.folder", "pictures", "--data.table", "table.csv"]
    assert "data.table is table.csv, and there is no such table" in said(*words, code=2)
    (here / "table.csv").write_text("file,x\n")
    assert "data.folder is pictures, and there is no such folder" in said(*words, code=2)


def test_missing_file_of_a_mirror(said: Said, here: Path) -> None:
    (here / "mirror").mkdir()
    text = said("data", "mnist", "--data.mirror", "mirror", code=1)
    assert "the mirror mirror has no mnist/train-images-idx3-ubyte.gz; expected it at" in text


def test_unreachable_host(said: Said) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    text = said("data", "mnist", "--data.mirror", address, code=1)
    assert f"{address}/mnist/train-images-idx3-ubyte.gz: " in text
    assert "To go on, set --data.mirror to a folder or base URL that has it" in text


def test_rows_without_a_value_and_without_a_picture(said: Said, pictures: Callable[..., list[str]]) -> None:
    def edit(lines: list[str]) -> list[str]:
        return [lines[0], "000.png,,0.5", "001.png,1,nan", *lines[3:60], "absent.png,1,0.5", *lines[60:-1]]

    text = said(*pictures(edit), code=2)
    assert "column 'tall' has 1 empty or not finite cells, the first in line 2" in text
    assert "column 'grey' has 1 empty or not finite cells, the first in line 3" in text
    assert "1 rows name an image that is not in pictures: absent.png" in text
    assert "1 images have no row in the table; add rows or move them away: 119.png" in text


def test_duplicate_rows_and_columns(said: Said, pictures: Callable[..., list[str]]) -> None:
    assert "1 file names stand in more than one row: 000.png" in said(
        *pictures(lambda lines: [*lines, "000.png,1,0.3"]), code=2
    )


def test_duplicate_columns(said: Said, pictures: Callable[..., list[str]]) -> None:
    text = said(*pictures(lambda lines: ["file,tall,tall", *lines[1:]]), code=2)
    assert "these column names stand more than once: 'tall'" in text


def test_a_constant_attribute(said: Said, pictures: Callable[..., list[str]]) -> None:
    def edit(lines: list[str]) -> list[str]:
        return [lines[0], *(re.sub(r",[01],", ",1,", line) for line in lines[1:])]

    assert "column 'tall' is 1 in every row; a constant cannot be audited" in said(*pictures(edit), code=2)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_corrupt_pictures(said: Said, pictures: Callable[..., list[str]], here: Path, content: bytes) -> None:
    words = pictures()
    (here / "pictures" / "007.png").write_bytes(content)
    assert "007.png is " in said(*words, code=2)


def test_several_truncated_pictures_are_all_named(
    said: Said, pictures: Callable[..., list[str]], here: Path
) -> None:
    words = pictures()
    shutil.rmtree(here / "pictures")
    write_pictures(here, cut=(3, 5))
    text = said(*words, code=2)
    assert "003.png is truncated or corrupt" in text
    assert "005.png is truncated or corrupt" in text


def test_more_images_than_there_are(said: Said, pictures: Callable[..., list[str]]) -> None:
    assert "120" in said(*pictures(), "--data.images", "121", code=2)


@pytest.mark.parametrize("words", [["data", "sprites"], ["run"], ["ui"]])
def test_a_store_that_cannot_be_written(said: Said, here: Path, words: list[str]) -> None:
    (here / "file").write_text("")
    for place in ("file", "file/store"):
        text = said(*words, "--run.store", place, code=1)
        assert "cannot write " in text or f"run.store is '{place}', where nothing can be written" in text
        assert re.search(r"give a folder (that )?you may write with --run\.store", text)
    assert [path.name for path in here.iterdir()] == ["file"]


# ---------------------------------------------------------------- what only a run can meet


waiting = pytest.mark.timeout(1200)  # for the session's other commands


@waiting
def test_fewer_images_than_a_split_needs(others: Commands) -> None:
    text = others.last_line("too few images", 1)
    assert "sprites: 300 images are too few for the parts of the audit" in text
    assert "add images or change the shares. Finished stages are kept" in text


@waiting
def test_fifteen_hundred_images_are_enough_where_no_model_is_trained(others: Commands) -> None:
    """No part is set apart for the training of models, and the note says so."""
    assert others.ended["fifteen hundred"].code == 0
    audit = read_audit(others.run_folder("fifteen hundred"))
    parts = {row["name"]: row["images"] for row in audit["data"]["parts"]}
    assert parts["model_train"] == 0
    assert sum(parts.values()) == 1500
    assert any("No image is set apart for training models" in note for note in audit["data"]["notes"])
    assert audit["verdicts"]
    assert [row for row in audit["where"] if row["reason"]["key"] == "failed"] == []


@waiting
def test_fifteen_hundred_images_are_audited_by_cross_fitting(others: Commands) -> None:
    """Each image is scored by what was chosen without it; a model trained elsewhere takes none for its training."""
    assert others.ended["fifteen hundred"].code == 0
    audit = read_audit(others.run_folder("fifteen hundred"))
    parts = {row["name"]: row["images"] for row in audit["data"]["parts"]}
    assert sum(parts.values()) == 1500
    assert parts["model_train"] == 0
    (model,) = audit["models"]
    assert model["association"]["n"] == 1500 - parts["classifier_train"]
    assert {verdict["verdict"] for verdict in audit["verdicts"]} != {"not_tested"}
    assert all(1 <= claim["folds_agreeing"] <= 5 for claim in model["specificity"])
    assert any("are audited together in 5 folds" in note for note in audit["data"]["notes"])
    page = (others.run_folder("fifteen hundred") / "report.html").read_text(encoding="utf-8")
    assert f"{number(model['association']['n'])} images in five folds" in page


@waiting
def test_a_truncated_picture_in_a_run(others: Commands) -> None:
    assert "003.png is truncated or corrupt" in others.last_line("corrupt image", 1)


@waiting
def test_checksum_mismatch(others: Commands) -> None:
    text = others.last_line("wrong checksum", 1)
    assert "mnist/train-images-idx3-ubyte.gz is not the published file: " in text
    assert "replace it with a sound copy" in text


@waiting
def test_a_disk_that_takes_no_more(others: Commands) -> None:
    text = others.last_line("full disk", 1)
    assert "free some space and run the same command again" in text
    left = [path for path in (others.home / "artifacts" / "prepare").iterdir() if path.name.startswith(".b")]
    assert left == []


@waiting
def test_memory_that_is_lost_in_one_of_two_models_ends_the_run(others: Commands) -> None:
    """It says nothing of the model, which is not left out as one that failed by itself."""
    text = others.last_line("lost memory", 1)
    assert text == "importing few seed 0: memory ran out. Finished stages are kept"


@waiting
def test_a_run_of_which_no_model_is_left_says_why(others: Commands) -> None:
    text = others.last_line("no model left", 1)
    assert text.startswith(
        "no model of this audit could be judged; of the first: import of one seed 0: of_few:make"
    )
    assert "there is no model today" in text


@waiting
def test_hostile_models_of_every_kind_are_refused_before_any_work(others: Commands) -> None:
    """Three of each kind, in one run: all are named, no data are prepared, and nothing of a file is run."""
    ended = others.ended["hostile models"]
    assert ended.code == 2
    assert "Traceback" not in ended.err
    said = json.loads((others.home / "hostile_models.json").read_text(encoding="utf-8"))
    assert len(said) == 18
    lines = {name: [line for line in ended.err.splitlines() if f"models.{name}: " in line] for name in said}
    assert {name: len(found) for name, found in lines.items()} == dict.fromkeys(said, 1)
    assert [name for name, words in said.items() if words not in lines[name][0]] == []
    assert "preparing the data" not in ended.err
    assert not (others.home / MARK).exists()
    assert not (others.home / HOSTILE_MARK).exists()


@waiting
def test_what_failed_left_no_run_behind(others: Commands) -> None:
    found = [path for path in (others.home / "bad runs").glob("*/*") if not path.name.startswith(".")]
    assert found == []
    assert not (others.home / "bad runs" / "latest").exists()
