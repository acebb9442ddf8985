"""Clearing up: only what is old, not the newest, not accepted and not rested on; nothing without being asked."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.command import main
from tasks.clearing import Keep, Removal, plan, remove
from tasks.errors import AcceptanceError, StoreError
from tasks.file_lock import try_lock

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def a_run(home: Path, run_id: str, keys: list[str], days_old: float) -> Path:
    folder = home / "runs" / "nightly" / run_id
    folder.mkdir(parents=True)
    lines = [json.dumps({"stage": "train", "key": key}) for key in keys]
    (folder / "ledger.jsonl").write_text("\n".join(lines))
    (folder / "manifest.json").write_text("{}")
    return aged(folder, days_old)


def a_stage(home: Path, key: str, days_old: float) -> Path:
    folder = home / "artifacts" / "train" / key
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"0" * 100)
    aged((folder / "manifest.json"), days_old)
    return folder


def aged(path: Path, days_old: float) -> Path:
    if path.name == "manifest.json":
        path.write_text("{}")
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
    return [removal.path.name for removal in found]


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
    note = {"run_id": "2026-0", "manifest": "m", "accepted": "2026-01-01", "by": ""}
    accepted = home / "runs" / "nightly" / "accepted.jsonl"
    accepted.write_text(json.dumps(note) + "\n")
    assert planned(home) == ["2026-1", "2026-2", "nobody's", "own1", "own2"]
    assert "2026-0" not in planned(home, newest_runs=0, days=0)
    accepted.write_text("{broken")
    with pytest.raises(AcceptanceError, match=r"accepted\.jsonl cannot be read .* one JSON object a line"):
        planned(home)


def test_the_run_that_latest_leads_to_stays(home: Path) -> None:
    (home / "runs" / "latest").symlink_to("nightly/2026-1")
    assert "2026-1" not in planned(home, newest_runs=0, days=0)


def test_a_ledger_that_cannot_be_read_stops_everything(home: Path) -> None:
    (home / "runs" / "nightly" / "2026-3" / "ledger.jsonl").write_text("{half")
    with pytest.raises(StoreError, match="nothing was cleared away"):
        planned(home)


def test_removal_leaves_no_halves_and_what_is_held(home: Path) -> None:
    found = plan(home / "artifacts", home / "runs", Keep(1, 15), NOW)
    assert found[0] == Removal(home / "runs" / "nightly" / "2026-0", "run", found[0].size)
    assert found[3].size == 102
    lock = try_lock(home / "artifacts" / "train" / ".lock-own0")
    assert lock is not None
    with lock:
        gone = remove(found)
    assert [removal.path.name for removal in gone] == [
        "2026-0",
        "2026-1",
        "2026-2",
        "nobody's",
        "own1",
        "own2",
    ]
    assert planned(home) == ["own0"]
    assert sorted(path.name for path in (home / "artifacts" / "train").iterdir()) == [
        ".lock-own0", "own0", "own3", "shared", "young"
    ]  # fmt: skip


def test_the_command_says_first_and_removes_when_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    before = everything(home)
    assert main(["clean", "--days", "0", "--keep", "3"]) == 0
    shown = capsys.readouterr().out
    assert "runs/nightly/2026-0" in shown
    assert shown.endswith("may go; --yes removes it\n")
    assert everything(home) == before
    assert main(["clean", "--days", "0", "--keep", "3", "--yes"]) == 0
    assert capsys.readouterr().out.endswith("folders removed\n")
    assert not (home / "runs" / "nightly" / "2026-0").exists()
    assert (home / "runs" / "nightly" / "2026-1").is_dir()
    assert main(["clean", "--days", "-1"]) == 2
    assert "must not be negative" in capsys.readouterr().err
    assert main(["clean"]) == 0
