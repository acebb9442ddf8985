"""Accepted runs: only whole ones, noted beside the sealed folder, and what later runs are compared with."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from latent_audit.reports.page.render import render
from latent_audit.reports.record.audit_json import read_audit, write_audit
from latent_audit.tasks.errors import AcceptanceError, Changed, TrackingError
from latent_audit.tasks.runs.acceptance import Acceptance, accept, acceptances, last_accepted
from latent_audit.tasks.runs.compare import as_json, compare_runs
from latent_audit.tasks.runs.verify import Verified, verify
from latent_audit.tasks.session import drift
from latent_audit.tasks.storage.artifacts import Artifact, digest_of_file
from tests.reports.audit_builder import ATTRIBUTES
from tests.reports.judged_run import write_judged_run

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    write_judged_run(folder, attributes=ATTRIBUTES[:1], dimensions=2)
    return folder


@pytest.fixture
def home(tmp_path: Path, sealed: Path) -> Path:
    """Two runs of one name, and runs/latest on the second."""
    for run_id in ("20260301-1", "20260302-2"):
        shutil.copytree(sealed, tmp_path / "runs" / "nightly" / run_id)
    (tmp_path / "runs" / "latest").symlink_to("nightly/20260302-2")
    return tmp_path / "runs" / "nightly"


def test_an_accepted_run_is_noted_beside_its_folder(home: Path) -> None:
    assert acceptances(home) == []
    assert last_accepted(home) is None
    first = accept(home / "20260301-1", "", NOW)
    second = accept(home.parent / "latest", "Ada", NOW)
    assert acceptances(home) == [first, second]
    assert (second.run_id, second.by, second.accepted) == ("20260302-2", "Ada", "2026-03-01T12:00:00+00:00")
    assert second.manifest == digest_of_file(home / "20260302-2" / "manifest.json")
    assert verify(home / "20260302-2").problems == ()  # the seal still holds
    found = last_accepted(home)
    assert found is not None
    assert found[0] == second
    assert found[1] == read_audit(home / "20260302-2")


def test_one_that_is_gone_or_was_changed_since_does_not_count(home: Path) -> None:
    first = accept(home / "20260301-1", "", NOW)
    accept(home / "20260302-2", "", NOW)
    (home / "20260302-2" / "manifest.json").write_text("{}")
    found = last_accepted(home)
    assert found is not None
    assert found[0] == first
    shutil.rmtree(home / "20260301-1")
    assert last_accepted(home) is None


def test_what_is_not_what_the_run_wrote_is_not_accepted(home: Path) -> None:
    audit = home / "20260301-1" / "audit.json"
    audit.write_text(audit.read_text().replace('"supported"', '"inconclusive"'))
    with pytest.raises(
        AcceptanceError, match=r"20260301-1 is not what the run wrote.*\n.*audit\.json was altered"
    ):
        accept(home / "20260301-1", "", NOW)
    with pytest.raises(
        AcceptanceError, match=r"nightly is no finished run: expected a folder such as runs/latest"
    ):
        accept(home, "", NOW)
    assert acceptances(home) == []


def judged(folder: Path) -> Artifact:
    return Artifact("verdicts", "key", folder, "digest", 1.0, False, "run")


def test_a_run_says_what_changed_since(home: Path) -> None:
    second = home / "20260302-2"
    assert drift.since_accepted(home, judged(second)) is None
    accept(home / "20260301-1", "", NOW)
    since = drift.since_accepted(home, judged(second))
    assert since is not None
    assert (since["run_id"], since["changed"], since["same_data"]) == ("20260301-1", False, True)

    audit = read_audit(second)
    (verdict,) = audit["verdicts"]
    before = verdict["verdict"]
    verdict["verdict"] = "inconclusive"
    audit["data"]["digest"] = "0" * 64
    audit["data"]["images"] += 1
    write_audit(second, audit)
    since = drift.since_accepted(home, judged(second))
    assert since is not None
    assert since["changed"]
    # `compare` says the same of the same two runs.
    compared = json.loads(as_json(compare_runs(home / "20260301-1", second)))["what_changed"]
    assert {key: value for key, value in since.items() if key not in ("run_id", "accepted")} == compared
    name, attribute = verdict["model"], verdict["attribute"]
    tags = drift.tags(since)
    assert tags["compared_with"] == "20260301-1"
    assert (tags["changed.verdicts"], tags["changed.scores"], tags["changed.data"]) == ("1", "0", "1")
    assert tags[f"changed.{name}.{attribute}"] == f"{before} -> inconclusive"

    run = json.loads((second / "run.json").read_text())
    (second / "run.json").write_text(json.dumps({**run, "since_accepted": since}))
    said = drift.changes_of(second)
    assert said[0] == f"{name}, {attribute}: {before.replace('_', ' ').capitalize()}, now Inconclusive"
    assert len(said) == 2
    with pytest.raises(
        Changed, match=r"(?s)20260302-2 is complete and differs.*latent-audit accept"
    ) as caught:
        drift.refuse_change(second)
    assert caught.value.exit_code == 3
    html = render(second).read_text()
    assert "Since the last accepted run" in html
    assert f"20260301-1: {said[0]}; data: another number of images" in html


def test_a_run_without_changes_passes(home: Path) -> None:
    run = json.loads((home / "20260301-1" / "run.json").read_text())
    for since in (None, {"run_id": "x", "changed": False, "verdicts": [], "scores": [], "data": []}):
        (home / "20260301-1" / "run.json").write_text(json.dumps({**run, "since_accepted": since}))
        assert drift.changes_of(home / "20260301-1") == []
        drift.refuse_change(home / "20260301-1")


def test_nothing_is_noted_where_mlflow_cannot_be_told(home: Path) -> None:
    def fail(note: Acceptance, verified: Verified) -> None:
        assert verified.checked.run is not None
        raise TrackingError("MLflow does not answer")

    with pytest.raises(TrackingError):
        accept(home / "20260301-1", "", NOW, fail)
    assert not (home / "accepted.jsonl").exists()
    first = accept(home / "20260301-1", "", NOW)
    with pytest.raises(TrackingError):
        accept(home / "20260302-2", "", NOW, fail)
    assert acceptances(home) == [first]


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[1]",
        "null",
        '{"run_id": 3, "manifest": "", "accepted": "", "by": ""}',
        '{"run_id": "../other", "manifest": "", "accepted": "", "by": ""}',
        '{"run_id": "a", "run_id": "b", "manifest": "", "accepted": "", "by": ""}',
        '{"run_id": "a", "manifest": "", "accepted": "", "by": "", "more": 1}',
        "[" * 100_000,
        "\x00",
    ],
)
def test_a_note_that_was_broken_by_hand_is_said(home: Path, line: str) -> None:
    (home / "accepted.jsonl").write_text(line + "\n")
    with pytest.raises(
        AcceptanceError, match=r"accepted\.jsonl cannot be read \(.*\); it has one JSON object"
    ):
        acceptances(home)
    with pytest.raises(AcceptanceError, match="one JSON object a line"):
        accept(home / "20260301-1", "", NOW)


def test_an_accepted_audit_that_was_edited_since_does_not_count(home: Path) -> None:
    accept(home / "20260301-1", "", NOW)
    audit = home / "20260301-1" / "audit.json"
    audit.write_text(audit.read_text() + " ")
    assert last_accepted(home) is None
