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


def rows_that_hold(shown: str) -> list[str]:
    return [line[7:].rpartition(": ")[0] for line in shown.splitlines() if line.startswith("holds")]


def test_the_reduced_selftest_measures_every_row_and_is_cited(
    tmp_path: Path,
) -> None:
    """The second runs in a copy of the program, since the record lies beside it."""
    place, program = tmp_path / "empty", tmp_path / "program"
    place.mkdir()
    first = selftest(place, "--reduced", "--seed", "1")
    assert rows_that_hold(first) == list(ROWS)
    # effect of selftest --reduced
    assert "'null_worlds': 200" in first
    assert list(place.iterdir()) == []
    copy_sources(program)
    record = program / "tasks" / "runs" / "selftest_record.json"
    record.unlink()
    shown = selftest(place, "--reduced", "--save", python_path=program)
    assert rows_that_hold(shown) == list(ROWS)
    kept = json.loads(record.read_text())
    # effect of selftest --save
    assert f"digest {kept['digest']}" in shown
    assert (kept["holds"], kept["seed"], kept["sizes"]["null_worlds"]) == (True, 0, 200)
    assert [row["name"] for row in kept["rows"]] == list(ROWS)
    # effect of selftest --seed
    assert first.rpartition("digest ")[2] != shown.rpartition("digest ")[2]
