"""docs/operations.md says which test makes each fault happen; this looks whether that test exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## Faults")[1].split("\n## ")[0]
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| `(tests/[\w/]+\.py)::(\w+)` \|$", TABLE, re.M)
# What the project's users asked to be shown of each.
ASKED = ("kill -9", "full disk", "read-only", "MLflow's server gone", "Prefect's server gone", "altered", "deleted",
         "clock", "two identical runs", "eight runs")  # fmt: skip


def test_the_table_is_read_whole_and_has_every_fault() -> None:
    assert len(ROWS) == sum(line.startswith("| ") for line in TABLE.splitlines()) - 1
    faults = "\n".join(row[0] for row in ROWS)
    assert [fault for fault in ASKED if fault not in faults] == []


@pytest.mark.parametrize("row", ROWS, ids=[row[3] for row in ROWS])
def test_the_test_of_each_fault_exists(row: tuple[str, str, str, str]) -> None:
    _, _, file, name = row
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    assert name in {node.name for node in body if isinstance(node, ast.FunctionDef)}
