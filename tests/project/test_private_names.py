"""Private names of libraries: each is listed in docs/private-names.md, and each still does what it is used for."""

import ast
import importlib
import inspect
import re
import warnings
from collections.abc import Iterator
from importlib import metadata

import pytest

from tests.project.syntax_trees import syntax_tree
from tests.test_repository import ROOT, source_files

PAGE = (ROOT / "docs" / "private-names.md").read_text(encoding="utf-8")
LIBRARIES = {
    "prefect",
    "mlflow",
    "torch",
    "torchvision",
    "captum",
    "sklearn",
    "umap",
    "numba",
    "uvicorn",
    "httpx",
}
# Modules that their libraries do not document, beside those with an underscore.
UNDOCUMENTED = re.compile(
    r"prefect\.(server|context|client\.orchestration)|mlflow\.(server|store|utils)|umap\.umap_"
)


def used_names() -> Iterator[tuple[str, str]]:
    """Yields each private name of a library that code uses, with the file."""
    for path in source_files("flows", "tasks", "vae_models", "reports", "benchmarks", "tests"):
        name, tree = path.relative_to(ROOT).as_posix(), syntax_tree(path)
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        modules = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in LIBRARIES:
                modules |= {alias.asname or alias.name for alias in node.names}
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    if "._" in full or UNDOCUMENTED.match(node.module):
                        yield name, full
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] in LIBRARIES:
                        modules.add((alias.asname or alias.name).split(".")[0])
                        if "._" in alias.name or UNDOCUMENTED.match(alias.name):
                            yield name, alias.name
            elif isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func) and node.args:
                yield from (
                    (name, word) for word in re.findall(r"[\w.]+\._[\w.]+", ast.unparse(node.args[0]))
                )
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr) and node.attr not in own:
                base = ast.unparse(node.value)
                if base.split(".")[0] in modules and "self" not in base:
                    yield name, f"{base}.{node.attr}"


def test_every_private_name_that_is_used_is_listed() -> None:
    unlisted = {
        (file, name)
        for file, name in used_names()
        if name.split(".")[-1] not in PAGE or f"`{file}`" not in PAGE
    }
    assert unlisted == set()


def test_the_files_of_the_page_use_what_it_says() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([\d.]+) \| `([^`]+)` \|", PAGE, re.M)
    assert len(rows) == PAGE.count("\n| ") - 1
    for names, _, file in rows:
        text = (ROOT / file).read_text(encoding="utf-8")
        for name in re.findall(r"`([\w.]+)`", names):
            assert name.split(".")[-1] in text, (file, name)


def test_the_page_states_the_versions_that_are_installed() -> None:
    package = {"umap-learn": "umap-learn", "Prefect": "prefect", "MLflow": "mlflow", "Captum": "captum"}
    for library, version in re.findall(r"^\| ([\w-]+) \| [^|]+ \| ([\d.]+) \|", PAGE, re.M):
        assert metadata.version(package.get(library, library)).partition("+")[0] == version, library


@pytest.mark.endurance
def test_umap_compiles_functions_that_can_be_cached() -> None:
    with warnings.catch_warnings(action="ignore"):  # umap announces that TensorFlow is not installed
        importlib.import_module("pynndescent")
        layouts, umap_ = importlib.import_module("umap.layouts"), importlib.import_module("umap.umap_")
    for compiled in (
        layouts._nb_optimize_layout_euclidean_single_epoch,
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
    ):
        assert callable(compiled.enable_caching)
    assert importlib.import_module("numba").config.DISABLE_JIT == 0


# Starlette deprecates what MLflow imports of it.
@pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")
def test_prefect_and_mlflow_make_their_applications_as_functions() -> None:
    prefect_app = importlib.import_module("prefect.server.api.server").create_app
    assert all(
        parameter.default is not inspect.Parameter.empty
        for parameter in inspect.signature(prefect_app).parameters.values()
    )
    mlflow_app = importlib.import_module("mlflow.server.fastapi_app").create_fastapi_app
    assert all(
        parameter.default is not inspect.Parameter.empty
        for parameter in inspect.signature(mlflow_app).parameters.values()
    )


def test_settings_of_prefect_hold_for_one_block() -> None:
    from prefect.context import SettingsContext, get_settings_context
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

    context = get_settings_context()
    before = PREFECT_CLIENT_MAX_RETRIES.value()
    other = context.settings.copy_with_update({PREFECT_CLIENT_MAX_RETRIES: before + 1})
    with SettingsContext(profile=context.profile, settings=other):
        assert PREFECT_CLIENT_MAX_RETRIES.value() == before + 1
    assert PREFECT_CLIENT_MAX_RETRIES.value() == before


def test_torch_passes_operations_through_a_dispatch_mode() -> None:
    torch = importlib.import_module("torch")
    from benchmarks.operations import counted

    left, right = torch.zeros(3, 4), torch.zeros(4, 5)
    assert counted(lambda: left @ right) == 2 * 3 * 4 * 5
    assert importlib.import_module("torch._dynamo")
