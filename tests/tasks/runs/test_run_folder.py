"""Run folders: whole or absent, continued after an interruption, safe whatever a run is called."""

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.tasks.errors import NoSpaceLeft, StoreError
from latent_audit.tasks.runs.run_folder import RunFolder, open_run_folder, safe_folder_name
from latent_audit.tasks.storage.store import writing

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, 0, 0, tzinfo=UTC)


_opened: list[RunFolder] = []


@pytest.fixture(autouse=True)
def locks_are_let_go() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().release()


def opened(output: Path, name: str = "sprites", digest: str = "one", now: datetime = NOW) -> RunFolder:
    _opened.append(open_run_folder(output, name, digest, now))
    return _opened[-1]


def visible(output: Path) -> list[str]:
    found = (path.relative_to(output) for path in output.rglob("*"))
    return sorted(str(path) for path in found if not any(part.startswith(".") for part in path.parts))


def test_a_run_is_not_there_until_it_is_whole(tmp_path: Path) -> None:
    run = opened(tmp_path)
    (run.working / "report.html").write_text("half")
    assert visible(tmp_path) == ["sprites"]
    place = run.finish()
    assert place == tmp_path / "sprites" / run.run_id
    assert run.run_id.startswith("20260301-120000-")
    assert [path.name for path in place.iterdir()] == ["report.html"]
    assert (tmp_path / "latest").resolve() == place
    assert not (tmp_path / "latest").readlink().is_absolute()  # the folder of runs can be moved
    assert [path.name for path in (tmp_path / "sprites").iterdir()] == [run.run_id]


def test_the_folder_holds_nothing_but_what_is_put_there(tmp_path: Path) -> None:
    """It is sealed before it is moved: whatever went missing then would break the seal."""
    run = opened(tmp_path)
    run.remember(more="facts")
    assert list(run.working.iterdir()) == []


def test_latest_is_the_newest_complete_run(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.finish()
    unfinished = opened(tmp_path, digest="two", now=LATER)
    assert (tmp_path / "latest").resolve().name == first.run_id
    unfinished.finish()
    assert (tmp_path / "latest").resolve().name == unfinished.run_id
    other = opened(tmp_path, "other")
    other.finish()
    assert (tmp_path / "latest").resolve() == tmp_path / "other" / other.run_id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "other", "sprites"]


def test_an_interrupted_run_is_continued(tmp_path: Path) -> None:
    run = opened(tmp_path)
    run.remember(mlflow={"audit": "abc"})
    run.release()
    again = opened(tmp_path, now=LATER)
    assert again.run_id == run.run_id
    assert again.state["mlflow"] == {"audit": "abc"}
    assert again.state["started"] == NOW.isoformat()
    assert again.finish().name == run.run_id
    assert opened(tmp_path, now=LATER).run_id != run.run_id  # a finished one is not


def test_a_live_run_is_not_taken_over(tmp_path: Path) -> None:
    live = opened(tmp_path)
    other = opened(tmp_path, now=LATER)
    assert other.run_id != live.run_id
    assert live.working.is_dir()
    live.finish()
    other.finish()


def test_other_settings_make_another_run(tmp_path: Path) -> None:
    run = opened(tmp_path)
    run.release()
    other = opened(tmp_path, digest="two", now=LATER)
    assert other.run_id != run.run_id
    assert run.working.is_dir()
    other.release()
    assert opened(tmp_path).run_id == run.run_id


@pytest.mark.parametrize("state", ["{broken", None])
def test_a_run_that_cannot_be_continued_is_cleared_away(tmp_path: Path, state: str | None) -> None:
    run = opened(tmp_path)
    run.release()
    kept = run.working.with_name(f".{run.run_id}.state.json")
    if state is None:
        kept.unlink()
    else:
        kept.write_text(state)
    again = opened(tmp_path, now=LATER)
    assert again.run_id != run.run_id
    assert [path.name for path in (tmp_path / "sprites").iterdir() if run.run_id in path.name] == []
    again.release()


@pytest.mark.parametrize("latest", ["before", "later", "none"])
def test_a_run_killed_after_it_was_complete_is_ended(tmp_path: Path, latest: str) -> None:
    """Between the move of its folder and the last of what follows."""
    if latest == "before":
        opened(tmp_path, "before").finish()
    killed = opened(tmp_path)
    killed.working.rename(killed.finished)
    (tmp_path / f".latest-{killed.run_id}").symlink_to("nowhere")
    killed.release()
    os.utime(killed.finished, (1, 1) if latest == "later" else None)
    if latest == "later":
        opened(tmp_path, "other").finish()
    again = opened(tmp_path, now=LATER)
    assert again.run_id != killed.run_id
    newest = (tmp_path / "latest").resolve()
    assert (newest == killed.finished) == (latest != "later")
    assert [path.name for path in killed.finished.parent.iterdir() if killed.run_id in path.name] == [
        killed.run_id
    ]


def test_what_lies_beside_no_run_is_cleared_away(tmp_path: Path) -> None:
    """A run that was killed before its folder was made."""
    killed = opened(tmp_path)
    killed.working.rmdir()
    killed.working.with_name(f".{killed.run_id}.state.json.new").write_text("{half")
    live = opened(tmp_path)  # holds its lock
    killed.release()
    opened(tmp_path, now=LATER)
    left = [path.name for path in (tmp_path / "sprites").iterdir()]
    assert not [name for name in left if killed.run_id in name]
    assert [name for name in left if live.run_id in name]


def test_foreign_files_among_the_runs_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sprites" / ".mine").mkdir(parents=True)
    (tmp_path / "sprites" / "notes.txt").write_text("mine")
    opened(tmp_path).finish()
    assert (tmp_path / "sprites" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "sprites" / ".mine").is_dir()


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "   ", "../../etc", "/absolute", "a/b", "a\\b", "a\0b", "-rf", ".hidden", "n" * 300, "𒀀" * 100,
     "latest", "LATEST", "index.html", "Index.JSON", "．．／etc", "a\nb", "名前", "CON", "%s{x}$(x)"],
)  # fmt: skip
def test_hostile_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    output = tmp_path / "runs"
    place = opened(output, name).finish()
    assert place.parent.parent == output
    assert place.is_dir()
    assert (output / "latest").is_symlink()
    assert (output / "latest").resolve() == place
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@given(st.text(max_size=200))
def test_a_folder_name_is_one_plain_part(name: str) -> None:
    safe = safe_folder_name(name)
    assert Path(safe).name == safe
    assert safe not in (".", "..", "")
    assert not safe.startswith((".", "-"))
    assert len(safe.encode()) <= 255
    assert safe_folder_name(safe) == safe
    assert safe.casefold() not in ("latest", "index.html", "index.json")


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*file.*--run\.store and --run\.output"):
        opened(tmp_path / "file")
    with pytest.raises(NoSpaceLeft, match="is full"), writing(tmp_path):
        raise OSError(errno.ENOSPC, "full")


def test_a_folder_in_the_place_of_the_link_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(StoreError, match=r"latest is a folder, where the link to the newest run is put"):
        opened(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]
    (tmp_path / "latest").rmdir()
    (tmp_path / "latest").symlink_to("latest")
    place = opened(tmp_path).finish()
    assert (tmp_path / "latest").resolve() == place


def test_a_clock_that_was_put_back(tmp_path: Path) -> None:
    """Which run goes on, and which is the latest, is not asked of the clock."""
    interrupted = opened(tmp_path, now=LATER)
    interrupted.release()
    assert opened(tmp_path, now=NOW).run_id == interrupted.run_id
    _opened[-1].finish()
    last = opened(tmp_path, now=NOW).finish()
    assert last.name < interrupted.run_id
    assert (tmp_path / "latest").resolve() == last


def test_a_file_system_that_is_read_only(tmp_path: Path) -> None:
    """The kernel's own refuses new files even to root."""
    with pytest.raises(StoreError, match=r"cannot write /sys/.* \(.*\): give a folder you may write"):
        opened(Path("/sys/latent-audit"))
