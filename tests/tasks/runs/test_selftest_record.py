"""What a report cites of the selftest: its figures, and whether they are of the evidence that judged."""

from pathlib import Path

import pytest

from latent_audit.tasks.runs import selftest_record
from latent_audit.tasks.storage.arrays import read_json, write_json
from latent_audit.tasks.storage.source_digest import numeric_versions
from tests.end_to_end.test_selftest_command import ROWS


def test_the_record_has_every_row_and_they_hold() -> None:
    cited = selftest_record.cited()
    assert [row["name"] for row in cited["rows"]] == list(ROWS)
    assert cited["holds"]
    assert all(row["holds"] for row in cited["rows"])
    assert cited["sizes"]["null_worlds"] >= 1000  # the full size


@pytest.mark.parametrize("part", ["source_digest", "versions"])
def test_figures_of_another_version_are_said_to_be(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = read_json(selftest_record.RECORD)
    record |= {
        "source_digest": selftest_record._source_digest(),
        "versions": numeric_versions(selftest_record.SELFTEST),
    }
    monkeypatch.setattr(selftest_record, "RECORD", tmp_path / "record.json")
    write_json(selftest_record.RECORD, record)
    assert selftest_record.cited()["of_this_version"]
    write_json(selftest_record.RECORD, record | {part: {"numpy": "1"} if part == "versions" else "other"})
    assert not selftest_record.cited()["of_this_version"]
    assert set(selftest_record.cited()) == {"digest", "holds", "seed", "sizes", "rows", "of_this_version"}
