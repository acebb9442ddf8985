"""The page that lists all runs: newest first, verdicts counted, whatever the runs are called."""

import json
import os
import re
from pathlib import Path
from shutil import rmtree
from typing import Any
from urllib.parse import unquote

import pytest

from latent_audit.reports.record.run_files import read_plain
from latent_audit.tasks.runs import index_runs as indexing
from latent_audit.tasks.runs.index_runs import index_runs
from tests.reports.conftest import elements

AUDIT: dict[str, Any] = {
    "subject": {"title": "vae on <b>sprites</b>"},
    "models": [{"name": "vae", "seed": 0, "is_lead": True}, {"name": "vae", "seed": 1, "is_lead": False}],
    "verdicts": [
        {"model": "vae", "seed": 0, "attribute": "shape", "verdict": "supported"},
        {"model": "vae", "seed": 0, "attribute": "size", "verdict": "supported"},
        {"model": "vae", "seed": 0, "attribute": "turn", "verdict": "inconclusive"},
        {"model": "vae", "seed": 1, "attribute": "shape", "verdict": "not_supported"},
    ],
    "where": [
        {"model": "vae", "seed": 0, "attribute": "shape", "verdict": "supported"},
        {"model": "vae", "seed": 0, "attribute": "size", "verdict": "not_supported"},
        {"model": "vae", "seed": 1, "attribute": "shape", "verdict": "supported"},
    ],
}


def finished(output: Path, name: str, run_id: str, audit: str | None = None) -> Path:
    folder = output / name / run_id
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("")
    (folder / "audit.json").write_text(json.dumps(AUDIT) if audit is None else audit)
    (folder / "run.json").write_text(
        json.dumps({"started": "2026-03-01T10:15:00+00:00", "wall_seconds": 75.0})
    )
    return folder


def test_runs_are_listed_with_their_verdicts_newest_first(tmp_path: Path) -> None:
    finished(tmp_path, "sprites", "20260301-101500-aaaaaa")
    finished(tmp_path, "faces", "20260302-101500-bbbbbb")
    finished(tmp_path, "sprites", ".20260303-101500-cccccc.unfinished")
    (tmp_path / "latest").symlink_to("faces/20260302-101500-bbbbbb")
    html = index_runs(tmp_path, "en").read_text()
    links = [e.attributes["href"] for e in elements(html) if e.tag == "a"]
    assert links == ["faces/20260302-101500-bbbbbb/report.html", "sprites/20260301-101500-aaaaaa/report.html"]
    assert "Finished runs: 2, the newest first" in html
    assert "<bdi>vae on &lt;b&gt;sprites&lt;/b&gt;</bdi>" in html
    cells = re.findall(r'<td class="n">([^<]*)</td>', html.split("</tr>")[1])
    assert cells == ["1 min 15 s", "2", "–", "–", "1", "–", "1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "faces", "index.html", "index.json", "latest", "sprites",
    ]  # fmt: skip


def test_runs_of_one_name_have_a_row_of_marks_for_each_claim(tmp_path: Path) -> None:
    later = json.loads(json.dumps(AUDIT))
    later["where"][1]["verdict"] = "inconclusive"
    finished(tmp_path, "sprites", "20260301-101500-aaaaaa")
    finished(tmp_path, "sprites", "20260302-101500-bbbbbb", json.dumps(later))
    finished(tmp_path, "faces", "20260302-101500-cccccc")
    html = index_runs(tmp_path, "en").read_text()
    assert html.count('class="data nights"') == 1  # one run alone has no nights to compare
    rows = html.split('class="data nights"')[1].split("<tr")[2:]
    assert ["changed" in row.partition(">")[0] for row in rows] == [True, False]  # what changed comes first
    assert [re.findall(r"<bdi>([^<]*)</bdi>", row) for row in rows] == [["size", "vae"], ["shape", "vae"]]
    assert re.findall(r'title="([^"]*)"', rows[0]) == [
        "20260301-101500-aaaaaa: Not supported",
        "20260302-101500-bbbbbb: Inconclusive",
    ]
    assert re.findall(r'href="([^"#]*)"', rows[0])[0] == "sprites/20260301-101500-aaaaaa/report.html"


def test_a_run_of_an_older_version_has_no_places(tmp_path: Path) -> None:
    older = {key: value for key, value in AUDIT.items() if key != "where"}
    finished(tmp_path, "sprites", "20260301-101500-aaaaaa", json.dumps(older))
    html = index_runs(tmp_path, "en").read_text()
    assert re.findall(r'<td class="n">([^<]*)</td>', html.split("</tr>")[1])[-1] == "–"


def test_a_run_that_cannot_be_read_and_a_hostile_name_do_no_harm(tmp_path: Path) -> None:
    name = 'a"><script>alert(1)<.script>'
    finished(tmp_path, name, "20260301-101500-aaaaaa", "{")
    folder = finished(tmp_path, name, "20260302-101500-bbbbbb")
    html = index_runs(tmp_path, "zh").read_text()
    assert "<script" not in html
    assert "无法作为运行读取" in html
    (link,) = [e.attributes["href"] for e in elements(html) if e.tag == "a"]
    assert tmp_path / unquote(link) == folder / "report.html"


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("audit", "why"),
    [
        ('{"subject": null}', "audit.json is not that of a run: subject: "),
        ("[1, 2]", "audit.json is not that of a run: it: "),
        ("null", "audit.json is not that of a run: it: "),
        (DEEP, "audit.json is not JSON that can be read: its values nest more than 100 deep"),
        ('{"subject": {"title": 1e999}}', "the number 1e999 is too large"),
        (json.dumps(AUDIT).replace('"vae"', "3", 1), "models.0.name"),
        ("\x00", "audit.json is not JSON that can be read"),
        ("LINK", "audit.json is a link"),
        ("PIPE", "audit.json is a pipe"),
        ("FOLDER", "audit.json is a folder"),
        ("NONE", "there is no audit.json"),
    ],
)
def test_a_folder_of_another_program_is_left_out_and_named(tmp_path: Path, audit: str, why: str) -> None:
    """Row 13 of the security cases: every later run ended with a TypeError after its report was complete."""
    kept = finished(tmp_path, "sprites", "20260301-101500-aaaaaa")
    foreign = finished(tmp_path, "webapp", "static\x1b[2J", audit)
    place = foreign / "audit.json"
    if audit in ("LINK", "PIPE", "FOLDER", "NONE"):
        place.unlink()
    if audit == "LINK":
        place.symlink_to(kept / "audit.json")
    elif audit == "PIPE":
        os.mkfifo(place)
    elif audit == "FOLDER":
        place.mkdir()
    warned: list[str] = []
    html = index_runs(tmp_path, "en", warned.append).read_text()
    assert [e.attributes["href"] for e in elements(html) if e.tag == "a"] == [
        "sprites/20260301-101500-aaaaaa/report.html"
    ]
    assert "webapp/static⟨U+001B⟩[2J" in html
    (line,) = warned
    assert line.startswith("index.html leaves out what it cannot read as a run: webapp/static⟨U+001B⟩[2J (")
    assert why in line
    assert index_runs(tmp_path, "en").read_text() == html


@pytest.mark.parametrize("name", ["index.html", "index.json"])
def test_a_page_that_cannot_be_written_does_not_fail_the_run(name: str, tmp_path: Path) -> None:
    finished(tmp_path, "sprites", "20260301-101500-aaaaaa")
    (tmp_path / name / "theirs").mkdir(parents=True)
    warned: list[str] = []
    index_runs(tmp_path, "en", warned.append)
    (said,) = warned
    assert said.startswith(f"the page that lists all runs is not written: cannot write {tmp_path}")
    assert (tmp_path / name / "theirs").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize("facts", ["[]", '{"started": 3}', '{"wall_seconds": -1}', '{"wall_seconds": "a"}'])
def test_facts_of_a_run_that_are_none_leave_it_out(tmp_path: Path, facts: str) -> None:
    (finished(tmp_path, "sprites", "20260301-101500-aaaaaa") / "run.json").write_text(facts)
    assert "run.json is not that of a run" in index_runs(tmp_path, "en").read_text()


def test_a_run_is_read_once_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = finished(tmp_path, "sprites", "20260301-101500-aaaaaa")
    read: list[Path] = []
    real = read_plain
    monkeypatch.setattr(indexing, "read_plain", lambda path, most: (read.append(path), real(path, most))[1])
    page = index_runs(tmp_path, "en").read_text()
    assert first / "audit.json" in read
    read.clear()
    second = finished(tmp_path, "sprites", "20260302-101500-bbbbbb")
    index_runs(tmp_path, "en")
    assert [path.parent for path in read if path.name == "audit.json"] == [second]
    for changed in ("{", json.dumps(AUDIT)):
        (first / "audit.json").write_text(changed)
        assert ("Left out" in index_runs(tmp_path, "en").read_text()) == (changed == "{")
    rmtree(second)
    assert index_runs(tmp_path, "en").read_text() == page


@pytest.mark.parametrize(
    "known", ["", "[]", '{"sprites/20260301-101500-aaaaaa": 1}', "CUT", "OTHER", "NONE", "WRONG"]
)
def test_what_was_read_before_may_be_damaged(tmp_path: Path, known: str) -> None:
    finished(tmp_path, "sprites", "20260301-101500-aaaaaa")
    page = index_runs(tmp_path, "en").read_text()
    right = (tmp_path / "index.json").read_text()
    without = json.dumps({place: {**line, "run": 1} for place, line in json.loads(right).items()})
    wrong = right.replace('"seconds": 75.0', '"seconds": "long"').replace('"href": "', '"href": "javascript:')
    damaged = {"WRONG": wrong, "CUT": right[:40], "OTHER": right.replace('"run_id"', '"id"'), "NONE": without}
    (tmp_path / "index.json").write_text(damaged.get(known, known))
    assert index_runs(tmp_path, "en").read_text() == page
    assert (tmp_path / "index.json").read_text() == right
