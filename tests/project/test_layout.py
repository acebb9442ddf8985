"""Where things are: rooms of a size that one can look through, each with a word on what belongs there; no circles."""

import ast
import graphlib
from collections import Counter
from pathlib import Path

import grimp
import pytest

from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import settings_models
from latent_audit.tasks.stages.registry import STAGES
from tests.project.syntax_trees import syntax_tree
from tests.source_copy import ROOT

ROOMS = ("flows", "tasks", "vae_models", "reports", "latent_audit/vocabulary", "tests")
MODULES_OF_A_FOLDER = 22
MODULES_ON_GROUND_FLOORS = 30
# Names that a reader had to learn here, and no longer has to; see docs/architecture.md for the terms in use.
PRIVATE_NAMES = {
    "Desk", "Bench", "Opening", "open_desk", "Order", "travelling_order", "TravellingOrder", "Told", "told", "turns",
    "Turns", "travelling", "particulars", "to_plain", "use", "uses", "entrance", "Pole", "poles", "judge", "control",
    "worlds", "World", "asked_edits", "urgency", "Depth", "DEPTHS", "Amounts", "amounts", "move", "moves",
}  # fmt: skip
# These words are usual elsewhere; as a file's name they said too little.
PRIVATE_MODULES = {
    "addresses", "secrets_apart", "plain", "sources", "records", "leaving", "importing", "environment",
}  # fmt: skip
PRIVATE_BEGINNINGS = ("MOST_", "LEAST_")
# Parts of a setting's name.
PRIVATE_WORDS = {
    "move",
    "moves",
    "use",
    "uses",
    "judge",
    "said",
    "told",
    "ask",
    "doubt",
    "doing",
    "particulars",
}
PRIVATE_ENDINGS = ("_AT_ONCE", "_said")


def python_files() -> list[Path]:
    return sorted(
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if not {"recipes", "node_modules"} & set(path.relative_to(ROOT).parts)
    )


def test_no_folder_holds_more_modules_than_one_can_look_through() -> None:
    count = Counter(path.parent.relative_to(ROOT).as_posix() for path in python_files())
    assert {folder: n for folder, n in count.items() if n > MODULES_OF_A_FOLDER} == {}
    assert sum(count[room] for room in ("tasks", "vae_models", "reports")) <= MODULES_ON_GROUND_FLOORS


def test_every_folder_says_what_belongs_in_it_and_where_to_start() -> None:
    for path in python_files():
        if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] != "tests":
            said = ast.get_docstring(syntax_tree(path)) or ""
            assert "Start" in said, path
            assert 2 <= len(said.splitlines()) <= 6, path
    for folder in {path.parent for path in python_files() if "tests" not in path.relative_to(ROOT).parts}:
        assert (folder / "__init__.py").is_file(), folder


def test_what_a_folder_says_to_start_with_is_there() -> None:
    for path in python_files():
        if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] not in ("tests", "latent_audit"):
            said = ast.get_docstring(syntax_tree(path)) or ""
            words = said.partition("Start with")[2].replace("(", " ").split()
            named = [word.strip(".,;") for word in words if word.strip(".,;").endswith(".py")]
            assert named, path
            assert [name for name in named if not (path.parent / name).is_file()] == [], path


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = grimp.build_graph("latent_audit", exclude_type_checking_imports=True, cache_dir=None)
    needs = {
        module: graph.find_modules_directly_imported_by(module)
        for module in graph.modules
        # A package's __init__ holds words alone, and is run before each module in it.
        if not graph.find_children(module)
    }
    tuple(graphlib.TopologicalSorter(needs).static_order())


@pytest.mark.parametrize("path", python_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_name_needs_to_be_learnt_here(path: Path) -> None:
    tree = syntax_tree(path)
    names = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    names |= {
        target.id for node in tree.body for target in getattr(node, "targets", ()) if hasattr(target, "id")
    }
    private = {
        name for name in names if name in PRIVATE_NAMES or name.lstrip("_").startswith(PRIVATE_BEGINNINGS)
    }
    if path.relative_to(ROOT).parts[0] != "tests":
        private |= {name for name in {*names, path.stem} if name.endswith(PRIVATE_ENDINGS)}
        private |= {path.stem} & (PRIVATE_NAMES | PRIVATE_MODULES)
    assert private == set()


def test_no_stage_or_setting_has_a_name_that_needs_to_be_learnt_here() -> None:
    assert {stage.name for stage in STAGES} & PRIVATE_NAMES == set()
    settings = {name for model in settings_models(Settings) for name in model.model_fields}
    assert "manipulation_images" in settings
    for name in settings - {"intended_use"}:
        assert not set(name.split("_")) & PRIVATE_WORDS, name
