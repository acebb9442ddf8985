"""The repository's own laws, held against every tracked file, package and setting."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate
from pydantic import BaseModel

from latent_audit.flows.cli import main as command
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import describe, load_settings
from tests.project.syntax_trees import nodes_of, syntax_tree

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("flows", "tasks", "vae_models", "reports", "latent_audit/vocabulary")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TOP_FOLDERS = {
    "flows",
    "tasks",
    "vae_models",
    "reports",
    "latent_audit",
    "tests",
    "configs",
    "benchmarks",
    ".github",
    "docs",
    "deployment",
    ".ci",
}
TOP_FILES = {
    "prefect.yaml",
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.zh.md",
    "CITATION.cff",
    "SECURITY.md",
    ".pre-commit-config.yaml",
    "LICENSE",
    ".gitignore",
}
# Distributions whose import name is another word.
IMPORTED_AS = {"scikit-learn": "sklearn", "umap-learn": "umap", "pyyaml": "yaml", "pillow": "PIL"}
# Written in halves, so that this file keeps its own laws.
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "download.py" + "torch.org", "ana" + "conda.org")
# Ada is nobody: examples may show her folders.
MACHINE_PATH = re.compile("(?<![\\w.])/(?:ho" + "me/(?!ada/)|ro" + "ot/|Us" + "ers/|wo" + "rk/)\\w")
NOT_OUR_WORDS = re.compile(r"\b(assist" + r"ant|collea" + r"gue|work" + r"place|the br" + r"ief)s?\b", re.I)
# dependencies point one way: what each room may import of ours
MAY_IMPORT = {
    "flows": {"flows", "tasks", "vocabulary"},
    "tasks": {"tasks", "vae_models", "reports", "vocabulary"},
    "tasks.datasets": {"tasks.datasets", "vocabulary"},
    "tasks.analyses": {"tasks.analyses", "tasks.datasets.attributes", "vocabulary"},
    "vae_models": {"vae_models", "vocabulary"},
    "reports": {"reports", "vocabulary"},
    "vocabulary": {"vocabulary"},
}
PURE = ("tasks.datasets", "tasks.analyses", "vae_models", "reports", "vocabulary")
ENGINES = {"prefect", "mlflow"}


def tracked() -> list[Path]:
    """Returns every file of the repository, by git where it is a checkout."""
    if (ROOT / ".git").exists():
        words = ["git", "ls-files", "-z"]
        listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
        return [path for path in paths if path.is_file()]
    return [path for folder in sorted(TOP_FOLDERS) for path in (ROOT / folder).rglob("*") if path.is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """Yields the name and content of every tracked file that is text."""
    for path in tracked():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def source_files(*rooms: str) -> list[Path]:
    """Returns the Python files of the rooms named."""
    return sorted(path for room in rooms for path in (ROOT / room.replace(".", "/")).rglob("*.py"))


@cache
def imports(path: Path) -> set[str]:
    """Returns the dotted names that a file imports, wherever in it; a name imported from a package counts."""
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            assert node.module is not None
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_below(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def room_of(path: Path) -> str:
    parts = [part for part in path.relative_to(ROOT).parts if part != "latent_audit"]
    return ".".join(parts[:2]) if ".".join(parts[:2]) in MAY_IMPORT else parts[0]


def offences(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


# ---- what there is -----------------------------------------------------------------------------


def test_the_top_level_holds_the_agreed_names_and_no_others() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files belong to the repository")
    names = {path.relative_to(ROOT).parts for path in tracked()}
    assert {parts[0] for parts in names if len(parts) > 1} <= TOP_FOLDERS
    assert {parts[0] for parts in names if len(parts) == 1} <= TOP_FILES
    for needed in (*ROOMS, "tests", "prefect.yaml", "pyproject.toml"):
        assert (ROOT / needed).exists()


def test_the_wheel_ships_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["packages"]) == {"latent_audit"}
    # Where tasks/settings/shipped.py looks for them.
    assert wheel["force-include"] == {
        name: f"latent_audit/shipped/{name}" for name in ("configs", "prefect.yaml")
    }


# ---- what it depends on ------------------------------------------------------------------------


def declared(*extras: str) -> dict[str, Requirement]:
    """Returns the requirements of pyproject.toml, and of the extras named, by canonical name."""
    words = [*PROJECT["dependencies"]]
    for extra in extras:
        words += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(r.name): r for r in map(Requirement, words)}


# What only some settings need: each file that may import an extra, and says what to install where it is missing.
NEEDS_EXTRA = {
    "tasks/execution/runners/dask_cluster.py": "dask",
    "tasks/execution/runners/ray_cluster.py": "ray",
    "vae_models/pretrained/libraries/diffusers_model.py": "diffusers",
    "vae_models/pretrained/libraries/pythae_model.py": "pythae",
    "vae_models/pretrained/onnx_files/onnx_check.py": "onnx",
    "vae_models/pretrained/onnx_files/onnx_model.py": "onnx",
}


def test_every_third_party_import_is_declared() -> None:
    def known(file: str) -> set[str]:
        extras = [NEEDS_EXTRA[file]] if file in NEEDS_EXTRA else []
        return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in declared(*extras)}

    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in source_files(*ROOMS)
        for name in imports(path)
        if name.split(".")[0]
        not in known(path.relative_to(ROOT).as_posix()) | {"latent_audit"} | set(sys.stdlib_module_names)
    }
    assert undeclared == set()


def pinned(lock: str) -> dict[str, str]:
    """Returns the versions that a lock names, by canonical name."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]
    return {canonicalize_name(pin.name): str(pin.specifier) for pin in pins}


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_a_lock_pins_what_pyproject_asks_for(lock: str, extras: tuple[str, ...]) -> None:
    versions = pinned(lock)
    assert all(version.startswith("==") for version in versions.values())
    for name, requirement in declared(*extras).items():
        assert name in versions, f"{name} is not in {lock}: make lock"
        version = versions[name].removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} is locked to {version}: make lock"


def test_tests_run_with_what_reports_are_made_with() -> None:
    assert pinned("requirements.lock").items() <= pinned("requirements-dev.lock").items()


def test_the_command_is_the_declared_entry_point() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="latent-audit")
    assert entry.value == PROJECT["scripts"]["latent-audit"]
    assert entry.load() is command.main


# ---- what it does not hold ---------------------------------------------------------------------


def test_no_file_names_a_package_registry() -> None:
    assert offences(re.compile("|".join(map(re.escape, REGISTRIES)))) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert offences(MACHINE_PATH) == []


def test_the_repository_speaks_of_the_project_alone() -> None:
    assert offences(NOT_OUR_WORDS) == []


@pytest.mark.parametrize("path", source_files(*ROOMS), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_package_reads_or_writes_pickles(path: Path) -> None:
    assert not {name for name in imports(path) if is_below(name, {"pickle", "joblib", "dill", "cloudpickle"})}
    for call in nodes_of(path):
        if not isinstance(call, ast.Call):
            continue
        function = ast.unparse(call.func)
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert given.get("allow_pickle", "False") == "False", f"line {call.lineno}"
        if function == "torch.load":
            assert given.get("weights_only") == "True", f"line {call.lineno}"
        if function in ("np.load", "np.save"):
            assert given.get("allow_pickle") == "False", f"line {call.lineno}: say allow_pickle=False"
        assert function not in ("eval", "exec", "torch.save", "pd.read_pickle"), f"line {call.lineno}"


def test_what_type_checkers_are_told_to_pass_over_has_its_reason() -> None:
    bare = re.compile(r"#\s*(type|pyright|mypy): ignore(?!\[[\w, -]+\]  # \S)")
    found = [line for line in offences(bare) if line.partition(":")[0].endswith(".py")]
    assert [line for line in found if not line.startswith("tests/test_repository.py")] == []


# ---- one way -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", source_files(*ROOMS), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_dependencies_point_one_way(path: Path) -> None:
    room = room_of(path)
    ours = {name.removeprefix("latent_audit.") for name in imports(path) if is_below(name, {"latent_audit"})}
    # The package itself says where it lies.
    assert {name for name in ours - {"latent_audit"} if not is_below(name, MAY_IMPORT[room])} == set()
    if room in PURE:
        assert {name for name in imports(path) if is_below(name, ENGINES)} == set()


def test_flows_hold_flows_and_define_no_types() -> None:
    """Beside them, what starts one: commands, and a function for Python."""
    for path in source_files("flows"):
        starts = path.parent.name == "cli" or path.name == "run_from_python.py"
        assert path.name == "__init__.py" or path.name.endswith("_flow.py") or starts
        nodes = syntax_tree(path).body
        assert not [node.name for node in nodes if isinstance(node, ast.ClassDef)]


def test_only_tracking_imports_mlflow() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in source_files(*ROOMS)
        if any(is_below(n, {"mlflow"}) for n in imports(path))
    }
    assert users == {
        *(f"tasks/tracking/{name}.py" for name in ("connection", "registry", "run_log", "exported_program")),
        # No part of a run: it is what MLflow's own server loads.
        "tasks/services/serve_mlflow.py",
    }


# ---- settings, in all the places that hold some ------------------------------------------------


def settings_classes(annotation: Any, seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Returns the settings classes in an annotation, however deep, unions and mappings included."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            for field in annotation.model_fields.values():
                settings_classes(field.annotation, seen)
    else:
        for part in getattr(annotation, "__args__", ()):
            settings_classes(part, seen)
    return seen


def test_every_setting_has_a_line_that_explains_it() -> None:
    """A kind may be explained by the docstring of its class."""
    classes = settings_classes(Settings, set())
    assert len(classes) > 20
    silent = {
        f"{model.__name__}.{name}"
        for model in classes
        for name, field in model.model_fields.items()
        if not (field.description or (name == "kind" and model.__doc__) or "").strip()
    }
    assert silent == set()
    assert "# None" not in describe(Settings())


def test_no_setting_hides_what_its_engine_calls() -> None:
    """Prefect makes a mapping of every settings object, and asks one that has `keys` for them."""
    named = {name for model in settings_classes(Settings, set()) for name in model.model_fields}
    assert named & {"keys", "items", "values", "copy", "json", "dict"} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda path: path.name)
def test_each_config_file_is_valid(path: Path) -> None:
    settings = load_settings(path)
    assert settings.name == path.stem
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert settings.data.kind == given["data"]["kind"]
    if path.parent.name == "articles":
        assert f"configs/articles/{path.name}" in (ROOT / "docs" / "articles.md").read_text(encoding="utf-8")
    else:
        table = (ROOT / "docs" / "reference-results.md").read_text(encoding="utf-8")
        assert table.count(f"| `{path.name}` |") == 1


DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_each_deployment_runs_something_that_exists_with_settings_that_are_valid(
    deployment: dict[str, Any],
) -> None:
    module, function = deployment["entrypoint"].rsplit(".", 1)
    assert ":" not in deployment["entrypoint"], "entrypoints are modules, not files"
    entry = getattr(importlib.import_module(module), function)
    assert set(inspect.signature(entry.fn).parameters) == set(deployment["parameters"])
    form = parameter_schema(entry).model_dump_for_openapi()
    assert validate(deployment["parameters"], form, raise_on_error=True, ignore_required=True) == []
    settings = Settings.model_validate(deployment["parameters"]["settings"])
    assert settings.name == deployment["name"]
    assert all(len(schedule["cron"].split()) == 5 for schedule in deployment["schedules"])
    assert deployment["concurrency_limit"]["limit"] == 1


def test_sprites_and_celeba_are_deployed() -> None:
    kinds = {Settings.model_validate(d["parameters"]["settings"]).data.kind for d in DEPLOYMENTS}
    assert kinds >= {"sprites", "celeba"}


def test_prefect_and_pyproject_agree_on_the_prefect_they_run_with() -> None:
    stated = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["prefect-version"]
    assert Requirement(f"prefect{stated}").specifier == declared()["prefect"].specifier
