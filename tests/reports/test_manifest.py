"""The seal of a run: each way of breaking it has its own problem."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.audit_json import read_audit, write_audit
from reports.manifest import verify, write_manifest
from reports.render import render
from tests.reports.audit_builder import ATTRIBUTES, AuditBuilder
from tests.reports.conftest import make_run


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    make_run(
        AuditBuilder(folder, models=("vae",), attributes=ATTRIBUTES[:1], dimensions=2, seeds=1, image_size=10)
    )
    render(folder)
    (folder / "settings.yaml").write_text("data: {name: sprites}\n")
    write_manifest(folder)
    return folder


def _flip(path: Path, at: int) -> Callable[[], None]:
    """Flips one bit and returns how to put it back."""
    data = path.read_bytes()
    changed = bytearray(data)
    changed[at] ^= 1
    path.write_bytes(changed)
    return lambda: _restore(path, data)


def _restore(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def test_an_untouched_run_has_no_problem(sealed: Path) -> None:
    assert verify(sealed) == []


def test_the_manifest_is_the_same_every_time(sealed: Path) -> None:
    before = (sealed / "manifest.json").read_bytes()
    digest = write_manifest(sealed)
    assert (sealed / "manifest.json").read_bytes() == before
    assert len(digest) == 64
    rows = json.loads(before)["files"]
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    assert {"report.html", "audit.json", "run.json", "settings.yaml"} <= {row["path"] for row in rows}
    assert "manifest.json" not in {row["path"] for row in rows}


@pytest.mark.parametrize("name", ["settings.yaml", "run.json", "audit.json", "arrays/samples.npy"])
def test_one_flipped_bit_is_named(sealed: Path, name: str) -> None:
    undo = _flip(sealed / name, -2)
    try:
        problems = verify(sealed)
    finally:
        undo()
    altered = [problem for problem in problems if problem.kind == "altered"]
    assert [problem.path for problem in altered] == [name]
    assert altered[0].sentence == f"{name} was altered: its SHA-256 is not the one in manifest.json."


def test_an_edited_report_is_caught_twice(sealed: Path) -> None:
    undo = _flip(sealed / "report.html", 5000)
    try:
        problems = verify(sealed)
    finally:
        undo()
    assert {(problem.kind, problem.path) for problem in problems} == {
        ("altered", "report.html"),
        ("report", "report.html"),
    }


def test_missing_and_added_files_are_named(sealed: Path) -> None:
    data = (sealed / "settings.yaml").read_bytes()
    (sealed / "settings.yaml").unlink()
    (sealed / "figures" / "extra.svg").write_text("<svg/>")
    try:
        problems = verify(sealed)
    finally:
        (sealed / "settings.yaml").write_bytes(data)
        (sealed / "figures" / "extra.svg").unlink()
    assert [(problem.kind, problem.path) for problem in problems] == [
        ("missing", "settings.yaml"),
        ("unlisted", "figures/extra.svg"),
    ]
    assert problems[0].sentence == "settings.yaml is listed in manifest.json but is not there."


def test_a_missing_manifest_is_its_own_problem(sealed: Path) -> None:
    data = (sealed / "manifest.json").read_bytes()
    for content in (None, b"{}", b"["):
        (sealed / "manifest.json").unlink()
        if content is not None:
            (sealed / "manifest.json").write_bytes(content)
        try:
            assert [problem.kind for problem in verify(sealed)] == ["manifest"]
        finally:
            (sealed / "manifest.json").write_bytes(data)


def test_an_edited_verdict_under_a_new_seal_does_not_match_its_report(sealed: Path) -> None:
    before = {name: (sealed / name).read_bytes() for name in ("audit.json", "manifest.json")}
    audit = read_audit(sealed)
    audit["verdicts"][0]["verdict"] = "supported"
    write_audit(sealed, audit)
    write_manifest(sealed)
    try:
        problems = verify(sealed)
    finally:
        for name, data in before.items():
            (sealed / name).write_bytes(data)
    assert ("report", "report.html") in {(problem.kind, problem.path) for problem in problems}


def test_a_broken_schema_is_said_beside_the_digest(sealed: Path) -> None:
    before = (sealed / "audit.json").read_bytes()
    (sealed / "audit.json").write_text(before.decode().replace('"not_supported"', '"proved"'))
    try:
        problems = verify(sealed)
    finally:
        (sealed / "audit.json").write_bytes(before)
    assert [problem.kind for problem in problems].count("altered") == 1
    assert any(problem.kind == "schema" and "must be one of" in problem.sentence for problem in problems)
