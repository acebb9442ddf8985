"""`latent-audit selftest`, run for real: minutes of synthetic worlds."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.audits.tiny_audit import COMMAND
from tests.source_copy import copy_sources

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(3600)]
ROWS = (
    "null world", "planted world", "entangled world", "confounded world", "leaky classifier",
    "intervals", "rare attributes", "relabelling", "places: null world",
    "places: decoder broken for swaps", "places: decoder broken everywhere", "places: reading noise",
    "places: rotated pair", "places: cycle on a tilted circle", "places: nonlinear block",
    "places: copied dimension", "places: decodable, not drawn", "places: correlated 0.8, drawn apart",
    "places: correlated 0.8, one drawn", "places: seeds that disagree",
    "places: rotation of the whole code", "few images in folds", "absence: U of 0, 0.01 and 0.05",
)  # fmt: skip


def selftest(place: Path, *words: str, python_path: Path | None = None) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    ended = subprocess.run(
        [COMMAND, "selftest", *words], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout


def test_the_reduced_selftest_measures_every_row(tmp_path: Path) -> None:
    first, second = (selftest(tmp_path, "--reduced", "--seed", seed) for seed in ("1", "2"))
    for shown in (first, second):
        assert [
            line[7:].rpartition(": ")[0] for line in shown.splitlines() if line.startswith("holds")
        ] == list(ROWS)
        # effect of selftest --reduced
        assert "'null_worlds': 200" in shown
    # effect of selftest --seed
    assert first.rpartition("digest ")[2] != second.rpartition("digest ")[2]
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_what_reports_cite(tmp_path: Path) -> None:
    """In a copy of the program, since the record lies beside it."""
    copy_sources(tmp_path)
    record = tmp_path / "tasks" / "runs" / "selftest_record.json"
    record.unlink()
    shown = selftest(tmp_path, "--reduced", "--save", python_path=tmp_path)
    kept = json.loads(record.read_text())
    # effect of selftest --save
    assert f"digest {kept['digest']}" in shown
    assert (kept["holds"], kept["seed"], kept["sizes"]["null_worlds"]) == (True, 0, 200)
    assert [row["name"] for row in kept["rows"]] == list(ROWS)
