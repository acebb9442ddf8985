"""What a run says in other formats: read back by the formats' own libraries, and never written into the run."""

import base64
import csv
import io
import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from google.protobuf.json_format import ParseDict
from huggingface_hub.repocard_data import ModelCardData, model_index_to_eval_results
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement as published
from in_toto_attestation.v1 import statement_pb2
from securesystemslib import signer
from securesystemslib.dsse import Envelope

from latent_audit.flows.cli.main import main
from latent_audit.reports.exports.model_card import model_cards
from latent_audit.reports.page.render import open_page
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.tiny_audit import COMMAND
from tests.reports.judged_run import write_judged_run

pytestmark = pytest.mark.timeout(600)


def command(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *words], cwd=place, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sealed run, everything that is made of it, and a key."""
    place = tmp_path_factory.mktemp("exports")
    write_judged_run(place / "run")
    for name in ("mine", "other"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name]
        subprocess.run(words, cwd=place, check=True, timeout=60)
    for form in ("in-toto", "model-card"):
        ended = command(place, "export", "run", "--format", form)
        # effect of export RUN --format
        assert ended.returncode == 0, ended.stderr
    # effect of figures RUN
    assert command(place, "figures", "run").returncode == 0
    return place


def test_a_statement_is_read_by_in_totos_own_definitions(home: Path) -> None:
    found = json.loads((home / "run-exports" / "statement.json").read_text(encoding="utf-8"))
    message: Any = statement_pb2.Statement()
    ParseDict(found, message)  # refuses what the schema does not know
    published.Statement.copy_from_pb(message).validate()
    (subject,) = message.subject
    assert subject.digest["sha256"] == digest_of_file(home / "run" / "manifest.json")
    result: Any = ParseDict(found["predicate"], test_result_pb2.TestResult())
    assert result.configuration[0].digest["sha256"] == digest_of_file(home / "run" / "settings.yaml")
    assert result.result in ("PASSED", "WARNED", "FAILED")
    assert len(result.passed_tests) + len(result.warned_tests) == 2  # one model, two attributes


def test_a_statement_is_signed_and_verified_and_the_run_stays_whole(home: Path) -> None:
    statement = home / "run-exports" / "statement.json"
    # effect of sign STATEMENT
    assert command(home, "sign", str(statement), "--key", "mine").returncode == 0
    envelope = statement.with_name("statement.dsse.json")
    whole = command(home, "verify", "run", "--statement", str(envelope), "--key", "mine.pub")
    # effect of verify --statement
    assert whole.returncode == 0, whole.stderr
    assert "is what this run states, signed by SHA256:" in whole.stdout
    read = Envelope.from_dict(json.loads(envelope.read_text(encoding="utf-8")))
    assert read.payload == statement.read_bytes()
    (keyid,) = read.signatures
    public: Any = load_ssh_public_key((home / "mine.pub").read_bytes())
    keys: Any = signer  # it exports its names without saying so
    read.verify([keys.SSlibKey.from_crypto(public, keyid)], 1)


def test_another_key_and_another_statement_are_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("latent_audit.tasks.runs.verify.check_report", lambda checked: [])
    made = home / "run-exports" / "statement.json"
    assert main(["sign", str(made), "--key", str(home / "mine")]) == 0
    envelope = made.with_name("statement.dsse.json")
    run, other = str(home / "run"), str(home / "other.pub")
    assert main(["verify", run, "--statement", str(envelope), "--key", other]) == 11
    found = json.loads(envelope.read_text(encoding="utf-8"))
    payload = base64.b64decode(found["payload"]).replace(b"WARNED", b"PASSED")
    (tmp_path / "edited.json").write_bytes(payload)
    assert main(["verify", run, "--statement", str(tmp_path / "edited.json")]) == 20
    found["payload"] = base64.b64encode(payload).decode()
    (tmp_path / "edited.dsse.json").write_text(json.dumps(found))
    words = [
        "verify",
        run,
        "--statement",
        str(tmp_path / "edited.dsse.json"),
        "--key",
        str(home / "mine.pub"),
    ]
    assert main(words) == 11
    assert main(["verify", run, "--statement", str(made)]) == 0
    assert "its signature was not checked (--key)" in capsys.readouterr().out


def test_a_model_card_is_read_by_hugging_faces_own_library(home: Path) -> None:
    (card,) = (home / "run-exports").glob("model-card-*.md")
    head, body = card.read_text(encoding="utf-8").removeprefix("---\n").split("\n---\n", 1)
    data = yaml.safe_load(head)
    read: Any = ModelCardData(**data)
    assert read.to_dict()["tags"] == data["tags"]
    assert body.lstrip().startswith("# ")
    for heading in ("Model Details", "Uses", "Evaluation", "Bias, Risks, and Limitations", "Recommendations"):
        assert f"\n## {heading}\n" in body
    assert digest_of_file(home / "run" / "manifest.json") in body


def place(attribute: str, verdict: str) -> dict[str, Any]:
    cause = {"value": 0.81, "low": 0.7, "high": 0.9, "n": 100, "source": "bootstrap over images"}
    reason = {"key": "all_passed", "values": {}}
    rung = {"rung": "direction", "verdict": verdict, "reason": reason, "uncertainty": None, "cause": cause}
    rung |= {"least_kept": None, "least_kept_attribute": None}
    return {
        "model": "vae", "seed": 0, "attribute": attribute, "rung": "direction", "verdict": verdict, "reason": reason,
        "members": [{"dimension": 0, "coefficient": 0.9}, {"dimension": 1, "coefficient": 0.2}], "shares_with": [],
        "checks": {}, "rungs": [rung], "together": None,
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_places_are_results_of_a_card(language: str, home: Path) -> None:
    page = open_page(home / "run", language)
    names = [attribute["name"] for attribute in page.attributes]
    where: Any = [place(name, "supported") for name in names]
    page.audit["where"] = where
    (card,) = model_cards(page, "0" * 64).values()
    name, results = model_index_to_eval_results(yaml.safe_load(card.split("---\n")[1])["model-index"])
    assert name == "vae"
    assert [(result.metric_type, result.metric_value) for result in results] == [
        ("interchange-cause", 0.81)
    ] * 2
    assert [result.metric_name for result in results] == [f"{name}: direction, supported" for name in names]
    assert card.count("\n| ") == 1 + len(names)


def test_every_figure_is_an_svg_with_its_numbers(home: Path) -> None:
    folder = home / "run-exports" / "figures"
    stems = {path.stem for path in (home / "run" / "figures").iterdir()}
    assert {path.stem for path in folder.glob("*.svg")} == stems
    for path in folder.glob("*.svg"):
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag.endswith("svg")
        assert "var(--" not in path.read_text(encoding="utf-8")
    tables = {
        path.stem: list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        for path in folder.glob("*.csv")
    }
    assert tables.keys() <= stems
    assert len(tables) >= 5
    for rows in tables.values():
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 1


def test_nothing_is_written_into_a_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in (home / "run").rglob("*"))
    run, inside = str(home / "run"), str(home / "run" / "deep" / "in")
    refused = "lies in a run, which is sealed: give another --output"
    assert main(["export", run, "--format", "in-toto", "--output", inside]) == 2
    assert refused in capsys.readouterr().err
    assert main(["figures", run, "--output", inside]) == 2
    assert refused in capsys.readouterr().err
    assert sorted(path.name for path in (home / "run").rglob("*")) == before


def test_they_go_where_they_are_asked_to(home: Path, tmp_path: Path) -> None:
    run = str(home / "run")
    assert command(tmp_path, "export", run, "--format", "in-toto", "--output", "stated").returncode == 0
    made = home / "run-exports" / "statement.json"
    # effect of export --output
    assert (tmp_path / "stated" / "statement.json").read_bytes() == made.read_bytes()
    assert command(tmp_path, "figures", run, "--output", "drawn").returncode == 0
    names = sorted(path.name for path in (home / "run-exports" / "figures").iterdir())
    # effect of figures --output
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == names
