"""Which source files a stage's key depends on: its own and all it imports of ours, and no others."""

import ast
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

import latent_audit
from latent_audit.tasks.storage.source_digest import closure, numeric_versions
from latent_audit.tasks.storage.source_tree import SourceTree
from tests.source_copy import ROOMS

ROOT = Path(__file__).resolve().parents[3]
BY_NAME = {
    "import_module", "importlib.import_module", "__import__", "exec", "eval", "importlib.util.find_spec",
    "runpy.run_module", "runpy.run_path",
}  # fmt: skip
STAGES = tuple(
    f"latent_audit.tasks.stages.{name}"
    for name in (
        "data.prepare", "training.train_classifiers", "training.train_model", "evidence.encode", "evidence.probe",
        "evidence.intervene", "evidence.fitness", "explanations.project", "explanations.traverse",
        "explanations.attribute", "evidence.verdicts",
    )
)  # fmt: skip


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files are modules of `tasks`."""
    monkeypatch.setattr(latent_audit, "__path__", [*latent_audit.__path__, str(tmp_path)])
    room = tmp_path / "tasks"
    room.mkdir()
    (room / "toy_stage.py").write_text("import json\nfrom latent_audit.tasks.toy_middle import middle\n")
    (room / "toy_middle.py").write_text(
        "def middle():\n    from latent_audit.tasks import toy_deep\n    return toy_deep.VALUE\n"
    )
    (room / "toy_deep.py").write_text("import latent_audit.tasks.toy_stage\nVALUE = 1\n")  # a circle, too
    (room / "toy_stranger.py").write_text("VALUE = 1\n")
    return room


def digest_anew(*names: str) -> str:
    return SourceTree(lambda package: import_module(package).__path__).digest(
        names or ("latent_audit.tasks.toy_stage",)
    )


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
    assert digest_anew("latent_audit.tasks.toy_stage", "latent_audit.tasks.toy_stranger:VALUE") != before


def test_which_class_is_meant_counts_too(room: Path) -> None:
    assert digest_anew("latent_audit.tasks.toy_deep:A") != digest_anew("latent_audit.tasks.toy_deep:B")


def test_the_packages_that_a_module_lies_in_are_run_and_count(room: Path) -> None:
    inner = room / "toy_package"
    inner.mkdir()
    (inner / "__init__.py").write_text("")
    (inner / "part.py").write_text("")
    (room / "toy_stage.py").write_text("from latent_audit.tasks.toy_package import part\n")
    before = digest_anew()
    (inner / "__init__.py").write_text("import latent_audit.tasks.toy_stranger\n")
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
        "tasks/storage/source_digest.py": 1,  # a room, to find its files
        "latent_audit/__init__.py": 1,  # public names, which no stage uses
        "tasks/execution/stage.py": 1,  # the stage's module: the closure begins with it
        "reports/page/sections/section.py": 1,  # each section comes to the stage that draws it as `Code`
        "tasks/storage/code.py": 1,  # `code_of` counts it
        "vae_models/presets/settings_by_kind.py": 1,  # `code_of` counts the kinds in recipes
        "vae_models/pretrained/entrypoint.py": 1,  # the user's own code, by the digest of its files
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
    training = closure("latent_audit.tasks.stages.training.train_model")
    assert {
        "latent_audit.tasks.stages.training.train_model",
        "latent_audit.tasks.stages.inputs.prepared",
        "latent_audit.vae_models.training.loop",
        "latent_audit.tasks",
    } <= training
    assert "latent_audit.vae_models.components.vae" not in training
    assert "latent_audit.vae_models.components.vae" in closure(
        "latent_audit.tasks.stages.training.train_model", "latent_audit.vae_models.presets.plain_vae"
    )
    assert "latent_audit.tasks.analyses.scores.probes" not in training
    assert "latent_audit.tasks.analyses.scores.probes" in closure("latent_audit.tasks.stages.evidence.probe")
    assert "latent_audit.reports.record.audit_json" in closure("latent_audit.tasks.stages.evidence.verdicts")
    for stage in STAGES:
        found = closure(stage)
        # How a run is driven and shown must not decide what is computed again.
        strangers = {
            "latent_audit.tasks.tracking.run_log",
            "latent_audit.tasks.execution.stage_runner",
            "latent_audit.tasks.execution.workers",
            "latent_audit.tasks.execution.progress",
            "latent_audit.reports.page.render",
        }
        assert not found & strangers, stage
        assert not [name for name in found if name.startswith("latent_audit.flows")], stage


def test_versions_are_those_of_numeric_packages() -> None:
    import numpy as np
    import torch

    assert "torch" not in numeric_versions("latent_audit.tasks.stages.report.draw")
    assert "matplotlib" not in numeric_versions("latent_audit.tasks.stages.training.train_model")
    assert {"numba", "umap-learn"} <= set(numeric_versions("latent_audit.tasks.stages.explanations.project"))
    versions = numeric_versions(
        "latent_audit.tasks.stages.evidence.encode", "latent_audit.tasks.stages.report.draw"
    )
    assert versions["matplotlib"] == metadata.version("matplotlib")
    assert versions["numpy"] == np.__version__
    assert versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert not {"prefect", "mlflow", "rich"} & set(versions)


def test_looking_for_source_files_imports_none_of_them() -> None:
    look = (
        "import sys, latent_audit.tasks.storage.source_digest as sources\n"
        f"for stage in {STAGES!r}: sources.source_digest(stage)\n"
        "stage = 'latent_audit.tasks.stages.evidence.probe'\n"
        "print([name for name in ('torch', 'sklearn', 'scipy', stage) if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
