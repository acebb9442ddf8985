"""A small audit of two models that were trained elsewhere: published weights, and a user's own code."""

import json
from pathlib import Path
from typing import Any

import pytest

from reports.audit_json import read_audit, schema_faults
from tasks.records import digest_of_file
from tasks.verify import verify
from tests.end_to_end.audits import USER, Commands

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def run(real_data: Path, others: Commands) -> tuple[Path, str]:
    """Returns the run's folder and what the command printed."""
    ended = others.ended["existing"]
    assert ended.code == 0, ended
    return others.run_folder("existing"), ended.out + ended.err


@pytest.fixture
def audit(run: tuple[Path, str]) -> dict[str, Any]:
    return read_audit(run[0])


def test_each_model_has_one_seed_and_every_verdict(audit: dict[str, Any], run: tuple[Path, str]) -> None:
    assert schema_faults(audit) == []
    assert verify(run[0]).problems == ()
    assert [(model["name"], model["seed"]) for model in audit["models"]] == [("published", 0), ("own", 0)]
    assert len(audit["verdicts"]) == 2 * len(audit["data"]["attributes"])
    for section in audit["stability"]:
        assert section["status"] == "not_assessed"
        assert section["reason"].startswith("1 seed(s) were trained and 3 are needed")
    assert {verdict["checks"]["stability"]["verdict"] for verdict in audit["verdicts"]} == {"not_assessed"}


def test_published_weights_rebuild_our_sprites(audit: dict[str, Any]) -> None:
    published, own = audit["models"]
    assert published["kind"] == "checkpoint"
    assert published["fitness"]["reconstruction_nats_per_image"] < 45
    assert published["fitness"]["active_units"] >= 5
    assert own["fitness"]["reconstruction_nats_per_image"] > 1000  # nobody has trained it


def test_where_they_came_from_is_recorded(audit: dict[str, Any], real_data: Path) -> None:
    published, own = (model["origin"] for model in audit["models"])
    file = real_data / "checkpoints" / "betaH_dsprites" / "model.pt"
    assert published["files"] == [
        {
            "setting": "path",
            "name": "model.pt",
            "bytes": file.stat().st_size,
            "sha256": digest_of_file(file),
        }
    ]
    assert (published["runs_its_code"], published["rebuilds_offline"]) == (False, True)
    assert (own["code"], own["runs_its_code"], own["rebuilds_offline"]) == ("own_four:make", True, False)
    assert audit["models"][1]["fitness"]["kl"] is None
    assert audit["models"][0]["training"] == {"not_applicable": "this model was trained elsewhere"}


def test_the_report_and_the_log_say_what_was_run(run: tuple[Path, str]) -> None:
    folder, printed = run
    assert "own: your own code own_four:make is run to make this model and to use it" in printed
    html = (folder / "report.html").read_text(encoding="utf-8")
    for sentence in (
        "Models trained elsewhere",
        "read as tensors alone; nothing in the file was run.",
        "the user&#39;s own Python code own_four:make was run in this audit",
        "published was trained elsewhere: how is not recorded here",
        "Not assessed with 1 seeds; three are needed.",
    ):
        assert sentence in html, sentence


def test_no_folder_of_this_machine_gets_out(run: tuple[Path, str], real_data: Path) -> None:
    for name in ("audit.json", "run.json", "ledger.jsonl", "report.html", "manifest.json", "settings.yaml"):
        text = (run[0] / name).read_text(encoding="utf-8")
        assert USER not in text, name
        assert str(real_data) not in text, name
    stages = [json.loads(line)["stage"] for line in (run[0] / "ledger.jsonl").read_text().splitlines()]
    assert stages.count("import") == 2
    assert stages.count("export") == 1  # of the networks that are ours
    assert "train" not in stages
