"""A stage is not computed by other code than its key stands for."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.errors import StageFailed
from latent_audit.tasks.execution.runners.work_item import WorkItem, carry_out
from latent_audit.tasks.storage.source_digest import computed_by
from tests.tasks.execution.toy_stages import SQUARE


def order(folder: Path, **changed: Any) -> WorkItem:
    folder.mkdir()
    made_by = computed_by(SQUARE.module) | changed
    inputs = {"number": 3}
    return WorkItem(SQUARE, "key", "", "squaring", inputs, "cpu", folder, folder, folder, computed_by=made_by)


def carried_out(asked: WorkItem) -> str:
    carry_out(asked, lambda report: None, lambda: False)
    return (asked.folder / "square.txt").read_text()


def test_the_same_code_computes(tmp_path: Path) -> None:
    asked = order(tmp_path / "a")
    assert carried_out(asked) == "9 on cpu"
    assert carried_out(dataclasses.replace(asked, computed_by=None)) == "9 on cpu"


def test_other_sources_are_refused(tmp_path: Path) -> None:
    """The worker's files differ: they were edited since the run began, or it has another version of the project."""
    asked = order(tmp_path / "a", source="0" * 64)
    with pytest.raises(
        StageFailed, match=r"squaring: the worker's code .*source files of this project differ"
    ):
        carried_out(asked)
    assert list(asked.folder.iterdir()) == []


def test_another_release_of_a_package_is_refused_by_name(tmp_path: Path) -> None:
    versions = computed_by(SQUARE.module)["versions"]
    assert "torch" in versions
    asked = order(tmp_path / "a", versions={**versions, "torch": "1.0"})
    with pytest.raises(
        StageFailed, match=rf"torch is {versions['torch'].split('+')[0]}.* there and 1\.0 here"
    ):
        carried_out(asked)
