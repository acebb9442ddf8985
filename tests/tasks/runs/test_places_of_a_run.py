"""Places in a sealed run: verify computes them again, the report and comparisons state them."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import family_table, place_table
from latent_audit.flows.cli.main import main
from latent_audit.reports.errors import AuditInvalid
from latent_audit.reports.page.reasons import with_sentences, with_text
from latent_audit.reports.page.render import render
from latent_audit.reports.record.audit_json import settled, write_audit
from latent_audit.tasks.analyses.checks.rules import places_of
from latent_audit.tasks.analyses.selftest.place_audit import measure_world, record_of
from latent_audit.tasks.analyses.selftest.place_worlds import continuous_world, turned
from latent_audit.tasks.runs.verify import EXIT_CODES
from tests.plain_audit import read_audit
from tests.reports.judged_run import seal, write_judged_run

TURN = turned(45, 2)


def measured(attributes: list[str]) -> dict[str, Any]:
    """Returns the places of two attributes that a code of three dimensions holds turned by 45 degrees."""
    rng = np.random.default_rng(0)
    signals = rng.standard_normal((1200, 2))
    world = continuous_world(signals, lambda s: s @ TURN, lambda z: z @ TURN.T, rng, noise_dimensions=1)
    places = record_of(world, measure_world(world, 0))["places"]
    text = json.dumps(places)
    for place, name in enumerate(attributes):
        text = text.replace(f'"a{place}"', json.dumps(name)).replace(f"of a{place}", f"of {name}")
    found: dict[str, Any] = with_sentences(json.loads(text))
    return found


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("placed") / "run"
    write_judged_run(folder)
    audit = read_audit(folder)
    places = measured([attribute["name"] for attribute in audit["data"]["attributes"]])
    for model in audit["models"]:
        model["places"] = places
    audit["where"] = with_text(settled(places_of(settled(audit))))
    seal(folder, audit)
    return folder


@pytest.fixture
def run(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "run"))


def test_a_run_with_places_is_whole(run: Path) -> None:
    assert [row["rung"] for row in read_audit(run)["where"]] == ["direction", "direction"]
    assert main(["verify", str(run)]) == 0


def test_its_places_are_printed_as_a_table(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place_table.main([str(run)])
    head, line, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("| model, attribute | seed ")
    assert len(rows) == len({(row["model"], row["attribute"]) for row in read_audit(run)["where"]})
    assert all(row.count("|") == head.count("|") == line.count("|") for row in rows)
    assert " direction " in rows[0]
    assert re.search(r": [\d.]+ \[[\d.]+, [\d.]+\]; [\d.]+ \[", rows[0])


def test_what_each_kind_of_model_gives_is_printed_with_a_sentence(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family_table.main([str(run)])
    head, line, *rest = capsys.readouterr().out.splitlines()
    leads = [model["name"] for model in read_audit(run)["models"] if model["is_lead"]]
    rows, sentences = rest[: len(leads)], rest[len(leads) + 1 :]
    assert all(row.count("|") == head.count("|") == line.count("|") for row in rows)
    assert [sentence.partition(":")[0] for sentence in sentences] == [f"- {name}" for name in leads]
    assert all(sentence.endswith("has a place that interventions support.") for sentence in sentences)


def edit_place(audit: dict[str, Any]) -> None:
    audit["where"][0]["rung"] = "dimension"


def edit_verdict(audit: dict[str, Any]) -> None:
    audit["where"][1]["verdict"] = "supported"


def edit_reason(audit: dict[str, Any]) -> None:
    audit["where"][0]["reason"]["text"] += " indeed"


def edit_evidence(audit: dict[str, Any]) -> None:
    rungs = audit["models"][0]["places"]["attributes"][0]["rungs"]
    next(rung for rung in rungs if rung["rung"] == "direction")["swapped"]["causes"][0]["estimate"][
        "high"
    ] = 0.3


def take_out(audit: dict[str, Any]) -> None:
    del audit["where"][0]


def turn_round(audit: dict[str, Any]) -> None:
    audit["where"].reverse()


@pytest.mark.parametrize("edit", [edit_place, edit_verdict, edit_reason, edit_evidence, take_out, turn_round])
def test_places_that_do_not_follow_are_caught(
    edit: Callable[[dict[str, Any]], None], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = read_audit(run)
    edit(audit)
    seal(run, audit)
    assert main(["verify", str(run)]) == EXIT_CODES["verdict"]
    assert "place" in capsys.readouterr().err


def test_a_second_row_for_one_attribute_is_refused(run: Path) -> None:
    audit = read_audit(run)
    audit["where"].append(audit["where"][0])
    write_audit(run, audit)
    with pytest.raises(AuditInvalid, match="where"):
        read_audit(run)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Where it lives", "a direction of z0, z1: cause 1.0", "others kept")),
        ("zh", ("所在位置", "z0、z1 的一个方向：引起 1.0", "其余至少保持")),
    ],
)
def test_the_report_states_each_place(run: Path, language: str, words: tuple[str, ...]) -> None:
    render(run, language)
    page = (run / "report.html").read_text(encoding="utf-8")
    for expected in words:
        assert expected in page


def test_a_move_from_direction_to_dimension_is_a_change(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = Path(shutil.copytree(run, tmp_path / "later"))
    audit = read_audit(later)
    edit_place(audit)
    seal(later, audit)
    attribute = audit["where"][0]["attribute"]
    assert main(["compare", str(run), str(later), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["what_changed"]
    assert told["changed"]
    assert told["places"] == [
        {
            "model": "vae",
            "attribute": attribute,
            "before": "direction",
            "before_verdict": "partly_supported",
            "now": "dimension",
            "now_verdict": "partly_supported",
        }
    ]
    assert main(["compare", str(run), str(later)]) == 0
    said = capsys.readouterr().out
    assert (
        f"vae, {attribute}: place a direction (Partly supported), now a dimension (Partly supported)" in said
    )
    assert "Places that changed" in said
