"""What the reference says of each public function: shapes and units, errors, source, and an example that runs."""

import doctest
import inspect
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import latent_audit
from tests.audits.audits import Commands
from tests.audits.tiny_audit import SMALLEST
from tests.docs.pages import DOCS

_SCORES = "latent_audit.tasks.analyses.scores"
# Whole audits: they take half a minute each.
LONG = ("audit", "audit_generator", "run")
# Their examples look at runs/latest.
OF_A_RUN = ("AuditResult", "accept", "compare_runs", "load", "read_audit", "render", "verify")
# Looking at them would import all of the product for the tests of every process.
CLASSES = ("AuditError", "AuditResult", "Settings")
FUNCTIONS = [name for name in latent_audit.__all__ if name not in CLASSES]
# Of arrays: their shapes stand with the arguments.
OF_ARRAYS = ("association", "audit", "audit_generator", "interchange", "scores")
METHODS = [
    *(("result", "AuditResult", name) for name in ("record", "verdicts", "where", "report", "save")),
    *(("plots", "Plots", name) for name in ("matrix", "traversal", "mapping")),
]
LISTED = re.findall(
    rf"automodule:: {_SCORES}\.(\w+)\n   :members: (.+)", (DOCS / "python.md").read_text(encoding="utf-8")
)
SCORES = [(module, name) for module, names in LISTED for name in names.split(", ")]


def run_examples(function: object, name: str) -> None:
    """Runs the examples in the docstring of a function or class, in the folder that the test is in."""
    plain = inspect.unwrap(getattr(function, "fn", function))  # type: ignore[arg-type]  # a flow has its function in fn
    module = inspect.getmodule(plain)
    (found,) = [
        one
        for one in doctest.DocTestFinder(recurse=False).find(plain, name, module, vars(module))
        if one.examples
    ]
    said: list[str] = []
    result = doctest.DocTestRunner().run(found, out=said.append)
    assert result.failed == 0, "".join(said)


def text_of(function: object) -> str:
    return inspect.getdoc(getattr(function, "fn", function)) or ""


def test_the_reference_lists_every_public_name() -> None:
    page = (DOCS / "python.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"auto\w+:: latent_audit\.(\w+)$", page, re.M))
    assert listed == {*latent_audit.__all__} - {"Settings"}
    assert len(SCORES) >= 10


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_states_arguments_and_errors(name: str) -> None:
    text = text_of(getattr(latent_audit, name))
    parts = ("Args:", "Returns:", "Raises:", "Source:", "Example:")
    assert [part for part in parts if f"\n{part}" not in text] == []
    assert name not in OF_ARRAYS or re.search(r"\(n, ", text), "the shape of an array"
    function = getattr(latent_audit, name)
    arguments = inspect.signature(getattr(function, "fn", function)).parameters
    assert [one for one in arguments if f"\n    {one}: " not in text] == []


@pytest.mark.parametrize(("module", "owner", "name"), METHODS, ids=[name for *_, name in METHODS])
def test_what_a_result_offers_has_a_true_example(
    module: str,
    owner: str,
    name: str,
    commands: Commands,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = inspect.getattr_static(
        getattr(import_module(f"latent_audit.tasks.in_memory.{module}"), owner), name
    )
    function = getattr(given, "fget", None) or getattr(given, "func", None) or given
    if inspect.isfunction(given):
        text = text_of(given)
        parts = ("Args:", "Returns:", "Raises:", "Example:")
        assert [part for part in parts if f"\n{part}" not in text] == []
    shutil.copytree(commands.run_folder("one seed").parents[1], tmp_path / "runs", symlinks=True)
    monkeypatch.chdir(tmp_path)
    run_examples(function, name)


@pytest.mark.parametrize(("module", "name"), SCORES)
def test_a_score_states_shapes_result_errors_and_its_example_is_true(module: str, name: str) -> None:
    function = getattr(import_module(f"{_SCORES}.{module}"), name)
    text = text_of(function)
    parts = ("Args:", "Returns:", "Raises:", "Example:")
    assert [part for part in parts if f"\n{part}" not in text] == []
    assert "(n, d)" in text
    assert re.search(r"\w\.? \d{4}", text), "the paper"
    run_examples(function, name)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in (*LONG, *OF_A_RUN)])
def test_the_example_of_a_public_function_is_true(name: str) -> None:
    run_examples(getattr(latent_audit, name), name)


@pytest.mark.parametrize("name", OF_A_RUN)
def test_the_example_of_a_function_of_a_run_is_true(
    name: str, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(commands.run_folder("one seed").parents[1], tmp_path / "runs", symlinks=True)
    monkeypatch.chdir(tmp_path)
    run_examples(getattr(latent_audit, name), name)


@pytest.mark.endurance
@pytest.mark.timeout(600)
# MLflow uses what its database library is about to drop.
@pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
@pytest.mark.parametrize("name", LONG)
def test_the_example_of_a_whole_audit_is_true(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "audit.yaml").write_text(SMALLEST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run_examples(getattr(latent_audit, name), name)
