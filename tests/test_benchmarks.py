"""What the documents claim about speed can be measured by anyone: every benchmark starts and explains itself."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = sorted(path.name for path in (ROOT / "benchmarks").glob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_starts_and_says_what_it_measures(name: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", f"benchmarks/{name}", "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("usage: ")
