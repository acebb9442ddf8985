"""docs/explanations.md says where each explanation comes from; this holds it against what there is."""

import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from latent_audit.reports.page.render import SECTIONS
from latent_audit.tasks.settings.explanation_sizes import ExplanationSizes
from latent_audit.tasks.settings.explanations import SIZES_BY_DEPTH, ExplanationSettings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanations.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| `(tasks/[^`]+)` \| (\w+) \| `(tests/[^`]+)` \|$", PAGE, re.M)


def test_the_table_is_read_whole() -> None:
    table = PAGE.split("## Where to find what")[1].split("\n## ")[0]
    assert len(ROWS) == sum(line.startswith("| ") for line in table.splitlines()) - 1 > 20


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_module_section_and_test_of_each_row_exist(row: tuple[str, str, str, str]) -> None:
    _, module, section, test = row
    assert (ROOT / module).is_file()
    assert section in SECTIONS
    text = (ROOT / test).read_text(encoding="utf-8")
    # A part of a larger analysis is tested through it, and then stands in the test by name.
    assert Path(module).stem in text or Path(module).stem.rstrip("s") in text


def test_every_depth_is_stated_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.M))
    assert set(rows) == {field.name for field in fields(ExplanationSizes)}
    for name, cells in rows.items():
        for depth, cell in zip(SIZES_BY_DEPTH, cells.split(" | "), strict=True):
            value = asdict(SIZES_BY_DEPTH[depth])[name]
            stated = tuple(int(part) for part in cell.split(", "))
            assert stated == (value if isinstance(value, tuple) else (value,)), (depth, name)


def test_what_is_given_goes_before_the_depth() -> None:
    given = ExplanationSettings(depth="quick", manipulation_images=77).sizes()
    assert given.manipulation_images == 77
    assert asdict(given) | {"manipulation_images": 48} == asdict(SIZES_BY_DEPTH["quick"])
    assert ExplanationSettings().sizes() == SIZES_BY_DEPTH["standard"]
