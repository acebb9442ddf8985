"""The page that lists all runs: newest first, verdicts counted, whatever the runs are called."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tasks.index_runs import index_runs
from tests.reports.conftest import elements

AUDIT: dict[str, Any] = {
    "subject": {"title": "vae on <b>sprites</b>"},
    "models": [{"name": "vae", "seed": 0, "is_lead": True}, {"name": "vae", "seed": 1, "is_lead": False}],
    "verdicts": [
        {"model": "vae", "seed": 0, "verdict": "supported"},
        {"model": "vae", "seed": 0, "verdict": "supported"},
        {"model": "vae", "seed": 0, "verdict": "inconclusive"},
        {"model": "vae", "seed": 1, "verdict": "not_supported"},
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
    assert cells == ["1 min 15 s", "2", "–", "–", "1", "–"]
    assert not list(tmp_path.glob(".index*"))


def test_a_run_that_cannot_be_read_and_a_hostile_name_do_no_harm(tmp_path: Path) -> None:
    name = 'a"><script>alert(1)<.script>'
    folder = finished(tmp_path, name, "20260301-101500-aaaaaa", "{")
    html = index_runs(tmp_path, "zh").read_text()
    assert "<script" not in html
    assert "无法读取 audit.json" in html
    (link,) = [e.attributes["href"] for e in elements(html) if e.tag == "a"]
    assert tmp_path / unquote(link) == folder / "report.html"
