"""An audit goes on without parts and models that fail: it says so everywhere, and tries them again."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.audits.audits import Commands
from tests.audits.failing_audit import FEW, PARTS
from tests.plain_audit import read_audit

pytestmark = pytest.mark.timeout(1200)
OF_THE_MODEL = f"a batch of at most {FEW} images was expected"


@pytest.fixture(scope="module")
def first(others: Commands) -> Path:
    return others.run_folder("parts fail")


@pytest.fixture(scope="module")
def second(others: Commands) -> Path:
    return others.run_folder("parts tried again")


def tags(home: Path, run_id: str) -> dict[str, dict[str, str]]:
    """Returns the MLflow tags of an audit's runs, by the run's name."""
    with sqlite3.connect(home / "artifacts" / "mlflow" / "mlflow.db") as database:
        rows = database.execute(
            "select r.name, r.status, t.key, t.value from runs r join tags t using (run_uuid) where run_uuid in "
            "(select run_uuid from tags where key = 'run_id' and value = ?)",
            (run_id,),
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for name, status, key, value in rows:
        found.setdefault(name, {"status": status})[key] = value
    return found


def failed(folder: Path) -> list[dict[str, Any]]:
    return list(read_audit(folder)["failed"])


def test_a_run_with_failed_parts_writes_its_report_and_ends_with_4(others: Commands, first: Path) -> None:
    ended = others.ended["parts fail"]
    assert ended.code == 4
    assert f"{first.name} is complete, but {len(PARTS) + 1} parts failed" in ended.err
    for part in PARTS:
        assert f"ValueError: made to fail in {part}" in ended.err
    assert OF_THE_MODEL in ended.err
    assert (first / "manifest.json").is_file()


def test_audit_json_names_each_failed_part_once(first: Path) -> None:
    rows = failed(first)
    (lost,) = [row for row in rows if row["model"] == "few"]
    assert (lost["part"], lost["seed"]) == ("encode", 0)
    assert OF_THE_MODEL in lost["reason"]
    of_vae = {row["part"]: row for row in rows if row["model"] != "few"}
    assert set(of_vae) == set(PARTS)
    assert len(rows) == len(PARTS) + 1
    assert of_vae["explain_classifier"]["model"] is None
    assert (of_vae["manipulate"]["model"], of_vae["manipulate"]["seed"]) == ("vae", 0)


def test_what_did_not_fail_is_judged(first: Path) -> None:
    audit = read_audit(first)
    assert audit["subject"]["models"] == ["vae"]
    assert {verdict["model"] for verdict in audit["verdicts"]} == {"vae"}
    (model,) = audit["models"]
    assert model["association"]["n"] > 200
    assert model["intervention"]["claims"]
    assert audit["controls"]
    assert model["scores"] == {}
    assert model["traversal"] is None
    assert model["attributions"] == []


def test_the_first_lines_of_the_report_say_so(first: Path) -> None:
    html = (first / "report.html").read_text(encoding="utf-8")
    note = html.index(f"{len(PARTS) + 1} parts failed. The next run tries them again.")
    assert note < html.index("<table")
    assert "encoding of few, seed 0: " in html
    assert OF_THE_MODEL in html[note : html.index("<table")]
    assert html.count("it failed in this run, and the next run tries it again") >= len(PARTS) - 2


def test_mlflow_names_them_and_marks_the_lost_model(others: Commands, first: Path) -> None:
    runs = tags(others.home, first.name)
    assert "encode of few seed 0: " in runs[first.name]["failed"]
    assert OF_THE_MODEL in runs[first.name]["failed"]
    assert runs[first.name]["status"] == "FINISHED"
    assert runs["vae seed 0"]["status"] == "FINISHED"
    assert runs["vae seed 0"]["failed.manipulate"] == "ValueError: made to fail in manipulate"
    assert runs["few seed 0"]["status"] == "FAILED"
    assert OF_THE_MODEL in runs["few seed 0"]["failed.encode"]


def test_the_next_run_tries_again_what_failed_and_nothing_else(others: Commands, second: Path) -> None:
    assert others.ended["parts tried again"].code == 4
    assert [(row["part"], row["model"]) for row in failed(second)] == [("encode", "few")]
    ledger = [json.loads(line) for line in (second / "ledger.jsonl").read_text().splitlines()]
    computed = {row["stage"] for row in ledger if not row["reused"]}
    assert computed == {*PARTS, "verdicts", "draw", "draw_pictures"}
    assert read_audit(second)["models"][0]["scores"]
