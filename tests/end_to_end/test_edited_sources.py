"""Runs by the command on a copy of the project that is edited between them: what changed is computed, nothing else."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audits.tiny_audit import SMALLEST, command_environment
from tests.source_copy import copy_sources

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(3000)]


class Copy:
    """A copy of the four packages, and the audit that is run with it."""

    def __init__(self, home: Path, numba: Path) -> None:
        self.home, self.code = home, home / "code"
        copy_sources(self.code)
        (home / "smallest.yaml").write_text(SMALLEST)
        self._environment = {**command_environment(numba), "PYTHONPATH": str(self.code)}

    def edit(self, file: str, edit: Callable[[str], str]) -> None:
        path = self.code / file
        before = path.read_text(encoding="utf-8")
        path.write_text(edit(before), encoding="utf-8")
        assert path.read_text(encoding="utf-8") != before

    def computed(self) -> set[str]:
        """Runs the audit; returns the stages that were computed, and not reused."""
        words = ["run", "smallest.yaml", "--compute.runner", "thread"]
        done = subprocess.run(
            [sys.executable, "-m", "latent_audit.flows.cli.main", *words],
            cwd=self.home,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        line = next(line for line in done.stdout.splitlines() if line.startswith("report: "))
        ledger = (self.home / line.removeprefix("report: ")).with_name("ledger.jsonl").read_text()
        rows = [json.loads(row) for row in ledger.splitlines()]
        return {row["stage"] for row in rows if not row["reused"]}


def test_an_edit_recomputes_what_it_changes(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    assert pytestconfig.cache is not None
    copy = Copy(tmp_path, pytestconfig.cache.mkdir("numba"))
    assert {"prepare", "train", "applications", "verdicts", "draw"} < copy.computed()
    for path in copy.code.rglob("*.py"):
        path.write_text(f"# Edited.\n{path.read_text(encoding='utf-8')}# Edited.\n", encoding="utf-8")
    copy.edit("vae_models/presets/dip_vae_i.py", lambda text: text.replace("Field(10.0", "Field(11.0"))
    copy.edit("tasks/datasets/mnist.py", lambda text: text.replace('"handwritten digits"', '"digits"'))
    assert copy.computed() == set()
    # No result moves by this much, so that what reads the stage's files need not be computed again.
    copy.edit("tasks/analyses/applications/anomaly.py", lambda text: f"{text}\nADDED = 1\n")
    assert copy.computed() == {"applications"}
    copy.edit("reports/page/sections/explanations/applications.py", lambda text: f"{text}\nADDED = 1\n")
    assert copy.computed() == {"draw"}
