"""Clearing up: only what is old, not the newest, not accepted and not rested on; nothing without being asked."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.tasks.errors import AcceptanceError, StoreError
from latent_audit.tasks.runs.cleaning import Keep, Removal, plan, remove
from latent_audit.tasks.storage.file_lock import try_lock

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def run_id(name: str) -> str:
    return f"20260101-00000{name[-1]}-aaaaaa"


def key(name: str) -> str:
    return name.encode().hex().ljust(32, "0")


def short(folder: Path) -> str:
    """Returns the name that a test gave a run or a stage."""
    if folder.name.endswith("-aaaaaa"):
        return f"2026-{folder.name[14]}"
    return bytes.fromhex(folder.name).rstrip(b"\0").decode()


def a_run(home: Path, name: str, keys: list[str], days_old: float) -> Path:
    folder = home / "runs" / "nightly" / run_id(name)
    folder.mkdir(parents=True)
    lines = [json.dumps({"stage": "train", "key": key(one)}) for one in keys]
    (folder / "ledger.jsonl").write_text("\n".join(lines))
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": [{"path": "ledger.jsonl"}]}))
    return aged(folder, days_old)


def a_stage(home: Path, name: str, days_old: float) -> Path:
    folder = home / "artifacts" / "train" / key(name)
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"0" * 100)
    manifest = {"stage": "train", "key": key(name), "origin": "", "seconds": 1.0, "files": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    aged((folder / "manifest.json"), days_old)
    return folder


def aged(path: Path, days_old: float) -> Path:
    then = (NOW - timedelta(days=days_old)).timestamp()
    os.utime(path, (then, then))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Four runs of ten days each, the newest first in age; each has a stage of its own, and all share one."""
    for index, days_old in enumerate((40, 30, 20, 10)):
        a_run(tmp_path, f"2026-{index}", ["shared", f"own{index}"], days_old)
        a_stage(tmp_path, f"own{index}", days_old)
    a_stage(tmp_path, "shared", 40)
    a_stage(tmp_path, "nobody's", 40)
    a_stage(tmp_path, "young", 1)
    return tmp_path


def planned(home: Path, newest_runs: int = 1, days: float = 15) -> list[str]:
    found = plan(home / "artifacts", home / "runs", Keep(newest_runs, days), NOW)
    return [short(removal.path) for removal in found]


def everything(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*")}


def test_what_is_old_and_not_rested_on_may_go(home: Path) -> None:
    before = everything(home)
    assert planned(home) == ["2026-0", "2026-1", "2026-2", "nobody's", "own0", "own1", "own2"]
    assert planned(home, newest_runs=3) == ["2026-0", "nobody's", "own0"]
    assert planned(home, days=35) == ["2026-0", "nobody's", "own0"]
    assert planned(home, newest_runs=4) == ["nobody's"]
    assert planned(home, newest_runs=0, days=0.5) == [
        *(f"2026-{index}" for index in range(4)), "nobody's", *(f"own{index}" for index in range(4)), "shared", "young"
    ]  # fmt: skip
    assert everything(home) == before


def test_an_accepted_run_never_goes_nor_what_it_rests_on(home: Path) -> None:
    note = {"run_id": run_id("2026-0"), "manifest": "m", "accepted": "2026-01-01", "by": ""}
    accepted = home / "runs" / "nightly" / "accepted.jsonl"
    accepted.write_text(json.dumps(note) + "\n")
    assert planned(home) == ["2026-1", "2026-2", "nobody's", "own1", "own2"]
    assert "2026-0" not in planned(home, newest_runs=0, days=0)
    accepted.write_text("{broken")
    with pytest.raises(AcceptanceError, match=r"accepted\.jsonl cannot be read .* one JSON object a line"):
        planned(home)


def test_the_run_that_latest_leads_to_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "runs" / "latest").symlink_to(f"nightly/{run_id('2026-1')}")
    assert "2026-1" not in planned(home, newest_runs=0, days=0)
    monkeypatch.chdir(home)  # as the command is called: its folders are relative by default
    found = plan(Path("artifacts"), Path("runs"), Keep(0, 0), NOW)
    assert "2026-0" in [short(removal.path) for removal in found]
    assert "2026-1" not in [short(removal.path) for removal in found]


def test_a_ledger_that_cannot_be_read_stops_everything(home: Path) -> None:
    (home / "runs" / "nightly" / run_id("2026-3") / "ledger.jsonl").write_text("{half")
    with pytest.raises(StoreError, match="nothing was cleared away"):
        planned(home)


def test_removal_leaves_no_halves_and_what_is_held(home: Path) -> None:
    found = plan(home / "artifacts", home / "runs", Keep(1, 15), NOW)
    assert found[0] == Removal(home / "runs" / "nightly" / run_id("2026-0"), "run", found[0].size)
    assert found[3].size > 100
    lock = try_lock(home / "artifacts" / "train" / f".lock-{key('own0')}")
    assert lock is not None
    with lock:
        gone = remove(found)
    assert [short(removal.path) for removal in gone] == [
        "2026-0",
        "2026-1",
        "2026-2",
        "nobody's",
        "own1",
        "own2",
    ]
    assert planned(home) == ["own0"]
    left = (home / "artifacts" / "train").iterdir()
    assert sorted(short(path) for path in left if not path.name.startswith(".lock-")) == [
        "own0", "own3", "shared", "young"
    ]  # fmt: skip


def test_the_command_says_first_and_removes_when_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    before = everything(home)
    assert main(["clean", "--days", "0", "--keep", "3"]) == 0
    shown = capsys.readouterr().out
    assert f"runs/nightly/{run_id('2026-0')}" in shown
    assert shown.endswith("may go; --yes removes it\n")
    assert everything(home) == before
    assert main(["clean", "--days", "0", "--keep", "3", "--yes"]) == 0
    assert capsys.readouterr().out.endswith("folders removed\n")
    assert not (home / "runs" / "nightly" / run_id("2026-0")).exists()
    assert (home / "runs" / "nightly" / run_id("2026-1")).is_dir()
    assert main(["clean", "--keep", "-1"]) == 2
    assert "must not be negative" in capsys.readouterr().err
    assert main(["clean"]) == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "device"])
def test_a_ledger_that_is_no_plain_file_stops_everything(kind: str, home: Path) -> None:
    ledger = home / "runs" / "nightly" / run_id("2026-3") / "ledger.jsonl"
    ledger.unlink()
    if kind == "pipe":
        os.mkfifo(ledger)
    elif kind == "folder":
        ledger.mkdir()
    else:
        ledger.symlink_to(ledger.name if kind == "link" else "/dev/zero")
    with pytest.raises(StoreError, match=r"\(a (pipe|folder|link|device)\)"):
        planned(home)


def test_what_others_keep_beside_the_runs_does_not_matter(home: Path) -> None:
    """A latest that leads to itself, and an accepted.jsonl where there are no runs of ours."""
    expected = planned(home)
    (home / "runs" / "latest").symlink_to("latest")
    (home / "runs" / "webapp").mkdir()
    (home / "runs" / "webapp" / "accepted.jsonl").write_text("{theirs")
    assert planned(home) == expected


@pytest.mark.parametrize("days", [1e9, 1e300])
def test_a_time_before_all_calendars_keeps_everything(days: float, home: Path) -> None:
    assert planned(home, days=days) == []


FOREIGN = '{"files": [{"path": "ledger.jsonl"}], "format": 1, "stage": "train"}'


def test_what_others_made_is_left_alone_and_no_link_is_followed(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders that look like ours by one mark alone, and links to runs and stages that are."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    ours = a_run(elsewhere, "2026-9", [], 400)
    stage = a_stage(elsewhere, "linked", 400)
    made = [
        *("webapp/extension", f"train/{'a' * 32}", f"train/{'B' * 32}", f"notastage/{key('x')}", "train/old"),
        *("nightly/extension", "nightly/20250101-000000-bbbbbb", "nightly/20250101-000000"),
    ]
    for below in (home, home / "artifacts", home / "runs"):
        for name in made:
            (below / name).mkdir(parents=True)
            (below / name / "manifest.json").write_text(FOREIGN)
            (below / name / "data.bin").write_bytes(bytes(10))
            aged(below / name / "manifest.json", 400)
            aged(below / name, 400)
    (home / "artifacts" / "train" / stage.name).symlink_to(stage)
    (home / "artifacts" / "probe").symlink_to(stage.parent)
    (home / "runs" / "nightly" / ours.name).symlink_to(ours)
    (home / "runs" / "linked").symlink_to(ours.parent)
    (home / "runs" / "nightly" / "20250101-000000-bbbbbb" / "ledger.jsonl").symlink_to(ours / "ledger.jsonl")
    (home / "runs" / "webapp" / "extension" / "ledger.jsonl").write_text("of another program")
    before = everything(home) | everything(elsewhere)
    monkeypatch.chdir(home)
    for words in (
        ["--store", "."],
        ["--output", "."],
        ["--store", ".", "--output", "."],
        ["--output", "artifacts"],
    ):
        assert main(["clean", "--yes", "--days", "0", "--keep", "0", *words, *without(words, home)]) == 0
        assert everything(home) | everything(elsewhere) == before
    assert main(["clean", "--yes", "--days", "0", "--keep", "0"]) == 0
    gone = before - (everything(home) | everything(elsewhere))
    assert {path for path in gone if any(name in path for name in made)} == set()
    assert ours.is_dir()
    assert stage.is_dir()
    assert not (home / "runs" / "nightly" / run_id("2026-0")).exists()


def without(words: list[str], home: Path) -> list[str]:
    """Returns words that name an empty folder for whatever is not named."""
    empty = str(home / "nothing")
    return [word for name in ("--store", "--output") if name not in words for word in (name, empty)]


def test_a_folder_that_was_replaced_since_it_was_planned_stays(home: Path) -> None:
    found = plan(home / "artifacts", home / "runs", Keep(1, 15), NOW)
    folder = found[-1].path
    (folder / "manifest.json").write_text(FOREIGN)
    assert folder not in [removal.path for removal in remove(found)]
    assert folder.is_dir()
