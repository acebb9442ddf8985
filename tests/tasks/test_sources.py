"""Which source files a stage's key depends on: its own and all it imports of ours, and no others."""

import ast
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

import tasks
from tasks.source_tree import ROOMS, SourceTree
from tasks.sources import closure, numeric_versions

ROOT = Path(__file__).resolve().parents[2]
BY_NAME = {
    "import_module", "importlib.import_module", "__import__", "exec", "eval", "importlib.util.find_spec",
    "runpy.run_module", "runpy.run_path",
}  # fmt: skip
STAGES = (
    "prepare", "train_classifiers", "train_model", "encode", "probe", "intervene", "fitness", "project",
    "traverse", "attribute", "judge",
)  # fmt: skip


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files are modules of `tasks`."""
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    (tmp_path / "toy_stage.py").write_text("import json\nfrom tasks.toy_middle import middle\n")
    (tmp_path / "toy_middle.py").write_text(
        "def middle():\n    from tasks import toy_deep\n    return toy_deep.VALUE\n"
    )
    (tmp_path / "toy_deep.py").write_text("import tasks.toy_stage\nVALUE = 1\n")  # a circle, too
    (tmp_path / "toy_stranger.py").write_text("VALUE = 1\n")
    return tmp_path


def digest_anew(*names: str) -> str:
    return SourceTree(lambda package: import_module(package).__path__).digest(names or ("tasks.toy_stage",))


@pytest.mark.parametrize("name", ["toy_stage", "toy_middle", "toy_deep"])
def test_editing_whatever_it_uses_changes_the_digest(room: Path, name: str) -> None:
    before = digest_anew()
    path = room / f"{name}.py"
    content = path.read_text()
    path.write_text(content + "MORE = 1\n")
    assert digest_anew() != before
    path.write_text(content)
    assert digest_anew() == before
    path.write_text("# edited\n" + content)
    assert digest_anew() == before


def test_editing_a_stranger_does_not(room: Path) -> None:
    before = digest_anew()
    (room / "toy_stranger.py").write_text("VALUE = 2\n")
    assert digest_anew() == before
    assert digest_anew("tasks.toy_stage", "tasks.toy_stranger:VALUE") != before


def test_which_class_is_meant_counts_too(room: Path) -> None:
    assert digest_anew("tasks.toy_deep:A") != digest_anew("tasks.toy_deep:B")


def test_the_packages_that_a_module_lies_in_are_run_and_count(room: Path) -> None:
    inner = room / "toy_package"
    inner.mkdir()
    (inner / "__init__.py").write_text("")
    (inner / "part.py").write_text("")
    (room / "toy_stage.py").write_text("from tasks.toy_package import part\n")
    before = digest_anew()
    (inner / "__init__.py").write_text("import tasks.toy_stranger\n")
    assert digest_anew() != before


def test_a_file_that_a_module_says_it_reads_counts(room: Path) -> None:
    (room / "toy_deep.py").write_text("FILES_READ = ('toy-*.txt',)\n")
    before = digest_anew()
    (room / "toy-words.txt").write_text("one")
    first = digest_anew()
    (room / "toy-words.txt").write_text("two")
    assert len({before, first, digest_anew()}) == 3


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"no module tasks\.nothing"):
        digest_anew("tasks.nothing")


def test_every_import_by_name_is_known() -> None:
    """The closure of a key cannot follow a name that is made up when it is imported: these few see to it themselves."""
    known = {
        "tasks/sources.py": 1,  # a room, to find its files
        "tasks/stage.py": 1,  # the stage's module: the closure begins with it
        "tasks/code.py": 1,  # `code_of` counts it
        "vae_models/settings_by_kind.py": 1,  # `code_of` counts the kinds in recipes
        "vae_models/entrypoint.py": 1,  # the user's own code, by the digest of its files
    }
    found: dict[str, int] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in BY_NAME:
                    given = node.args[0] if node.args else None
                    if not (isinstance(given, ast.Constant) and isinstance(given.value, str)):
                        file = str(path.relative_to(ROOT))
                        found[file] = found.get(file, 0) + 1
    assert found == known


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return f"{_name(function.value)}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


def test_closures_of_real_stages() -> None:
    training = closure("tasks.train_model")
    assert {"tasks.train_model", "tasks.inputs.prepared", "vae_models.training", "tasks"} <= training
    assert "vae_models.vae" not in training
    assert "vae_models.vae" in closure("tasks.train_model", "vae_models.plain_vae")
    assert "tasks.analyses.probes" not in training
    assert "tasks.analyses.probes" in closure("tasks.probe")
    assert "reports.audit_json" in closure("tasks.judge")
    for stage in STAGES:
        found = closure(f"tasks.{stage}")
        # How a run is driven and shown must not decide what is computed again.
        strangers = {"tasks.tracking", "tasks.desk", "tasks.workers", "tasks.progress", "reports.render"}
        assert not found & strangers, stage
        assert not [name for name in found if name.startswith("flows")], stage


def test_versions_are_those_of_numeric_packages() -> None:
    import numpy as np
    import torch

    assert "torch" not in numeric_versions("tasks.draw")
    assert "matplotlib" not in numeric_versions("tasks.train_model")
    assert {"numba", "umap-learn"} <= set(numeric_versions("tasks.project"))
    versions = numeric_versions("tasks.encode", "tasks.draw")
    assert versions["matplotlib"] == metadata.version("matplotlib")
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
