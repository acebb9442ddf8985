"""What a code must not hold, by the command: measured, required, said everywhere, and computed again by verify."""

import html
import json
import sqlite3
from typing import Any

import pytest

from tests.audits.audits import Commands
from tests.plain_audit import read_audit

WORDS = {"shown_absent": "shown absent", "held": "held", "not_shown": "not shown either way"}


@pytest.fixture(scope="session")
def audit(others: Commands) -> dict[str, Any]:
    return read_audit(others.run_folder("must not be held"))


def test_each_claim_has_a_word_and_its_evidence(audit: dict[str, Any]) -> None:
    rows = audit["absent"]
    assert [(row["attribute"], row["given"]) for row in rows] == [("acc@5", []), ("a/b", ["acc@5"])]
    (model,) = audit["models"]
    for row, measured in zip(rows, model["absence"], strict=True):
        assert row["word"] in WORDS
        assert row["uncertainty"] == measured["uncertainty"]
        assert {score["reader"] for score in measured["readers"]} == {"linear", "boosting", "neighbours"}
        assert measured["fit_images"] == audit["settings"]["evidence"]["probe_images"]
    assert audit["settings"]["evidence"]["must_not_hold"] == [
        {"attribute": "acc@5", "given": []},
        {"attribute": "a/b", "given": ["acc@5"]},
    ]


def test_left_or_right_is_held_and_the_run_that_must_not_hold_it_fails(
    others: Commands, audit: dict[str, Any]
) -> None:
    """The code of two dimensions tells where the square stands."""
    assert audit["absent"][0]["word"] == "held", audit["absent"][0]["reason"]["text"]
    (requirement,) = audit["requirements"]
    assert (requirement["place"], requirement["status"]) == ("absent", "not_met")
    ended = others.ended["must not be held"]
    assert ended.code == 5, ended.err
    assert "vae, acc@5: absent is not met: three readers, fitted on 200 images, read " in ended.err


def test_the_report_and_mlflow_state_it(others: Commands, audit: dict[str, Any]) -> None:
    folder = others.run_folder("must not be held")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "What the codes must not hold" in page
    for row in audit["absent"]:
        given = f", given {row['given'][0]}" if row["given"] else ""
        said = f"vae, {row['attribute']}{given}: {WORDS[row['word']]} ({row['reason']['text']})."
        assert said in html.unescape(page)
    run_id = json.loads((folder / "run.json").read_text(encoding="utf-8"))["run_id"]
    with sqlite3.connect(others.home / "artifacts" / "mlflow" / "mlflow.db") as connection:
        tags = dict(
            connection.execute(
                "select t.key, t.value from tags t join tags r using (run_uuid) where r.key = 'run_id' and r.value = ?",
                (run_id,),
            ).fetchall()
        )
    # MLflow takes fewer signs in a name.
    assert tags["absent.vae.acc_5"] == "held"
    assert tags["absent.vae.a_b given acc_5"] == audit["absent"][1]["word"]


def test_verify_computes_the_words_again(others: Commands) -> None:
    ended = others.ended["must not be held verified"]
    assert ended.code == 0, ended.out + ended.err


def test_a_claim_on_no_attribute_is_refused_before_training(others: Commands) -> None:
    said = others.last_line("unknown claim", 1)
    assert said.startswith("evidence.must_not_hold names 'colour', and the data have size (mm), acc@5")
    assert "training" not in others.ended["unknown claim"].err
