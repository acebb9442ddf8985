"""Which source files a stage's key depends on: its own and all it imports of ours, and no others."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from tasks import sources
from tasks.sources import numeric_versions, source_digest

STAGES = (
    "prepare", "train_classifiers", "train_model", "encode", "probe", "intervene", "fitness", "project",
    "traverse", "attribute", "judge",
)  # fmt: skip


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("tasks.toy_")]:
        del sys.modules[name]
    sources._digest.cache_clear()
    sources._imports.cache_clear()
    sources._file.cache_clear()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are modules of `tasks`."""
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    (tmp_path / "toy_stage.py").write_text("import json\nfrom tasks.toy_middle import middle\n")
    (tmp_path / "toy_middle.py").write_text(
        "def middle():\n    from tasks import toy_deep\n    return toy_deep.VALUE\n"
    )
    (tmp_path / "toy_deep.py").write_text("import tasks.toy_stage\nVALUE = 1\n")  # a circle, too
    (tmp_path / "toy_stranger.py").write_text("VALUE = 1\n")
    forget()
    yield tmp_path
    forget()


def digest_anew() -> str:
    forget()
    return source_digest("tasks.toy_stage")


@pytest.mark.parametrize("name", ["toy_stage", "toy_middle", "toy_deep"])
def test_editing_whatever_it_uses_changes_the_digest(room: Path, name: str) -> None:
    before = digest_anew()
    path = room / f"{name}.py"
    content = path.read_text()
    path.write_text(content + "# edited\n")
    assert digest_anew() != before
    path.write_text(content)
    assert digest_anew() == before


def test_editing_a_stranger_does_not(room: Path) -> None:
    before = digest_anew()
    (room / "toy_stranger.py").write_text("VALUE = 2\n")
    assert digest_anew() == before


def test_closures_of_real_stages() -> None:
    training = sources._closure("tasks.train_model")
    assert {"tasks.train_model", "tasks.prepare", "vae_models.training", "vae_models.vae"} <= training
    assert "tasks.analyses.probes" not in training
    assert "tasks.analyses.probes" in sources._closure("tasks.probe")
    assert "reports.audit_json" in sources._closure("tasks.judge")
    for stage in STAGES:
        closure = sources._closure(f"tasks.{stage}")
        # How a run is driven and shown must not decide what is computed again.
        strangers = {"tasks.tracking", "tasks.desk", "tasks.workers", "tasks.progress", "reports.render"}
        assert not closure & strangers, stage
        assert not [name for name in closure if name.startswith("flows")], stage


def test_versions_are_those_of_numeric_packages() -> None:
    import numpy as np
    import torch

    versions = numeric_versions()
    assert versions["numpy"] == np.__version__
    assert versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert not {"prefect", "mlflow", "rich"} & set(versions)


def test_looking_for_source_files_imports_none_of_them() -> None:
    look = (
        "import sys, tasks.sources as sources\n"
        f"for stage in {STAGES!r}: sources.source_digest('tasks.' + stage)\n"
        "print([name for name in ('torch', 'sklearn', 'scipy', 'tasks.probe') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
