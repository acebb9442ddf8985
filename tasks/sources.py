"""Which of our source files compute a stage, so that editing one recomputes just the stages that use it.

Prefect's TASK_SOURCE policy sees a task's own lines only, never what they call.
"""

import ast
import hashlib
import threading
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

ROOMS = ("flows", "tasks", "vae_models", "reports")

# Packages whose release can change a number; others cannot.
NUMERIC = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "scikit-learn",
    "umap-learn",
    "captum",
    "pandas",
    "pillow",
)


# Python's parser is not safe in several threads at once, and stages are looked up in many.
_parsing = threading.Lock()


def source_digest(module: str) -> str:
    """Returns the SHA-256 over a module of ours and all modules of ours that it imports, however far."""
    with _parsing:
        return _digest(module)


@cache
def _digest(module: str) -> str:
    files = sorted(_closure(module))
    digest = hashlib.sha256()
    for name in files:
        digest.update(name.encode() + b"\0" + _path(name).read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def numeric_versions() -> dict[str, str]:
    """Returns the versions of the packages whose release can change a number."""
    return {name: metadata.version(name) for name in NUMERIC}


def _closure(module: str) -> set[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(name))
    return found


@cache
def _imports(module: str) -> tuple[str, ...]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(_path(module).read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(sorted(name for name in names if name.split(".")[0] in ROOMS and _is_module(name)))


def _is_module(name: str) -> bool:
    return _file(name) is not None


def _path(module: str) -> Path:
    file = _file(module)
    assert file is not None
    return file


@cache
def _file(name: str) -> Path | None:
    """Returns the file of a module, None for a name of anything else.

    Nothing below the room is imported: `find_spec` would import all that is above the name, and so nearly all of ours.
    """
    room, *rest = name.split(".")
    for root in import_module(room).__path__:
        place = Path(root, *rest)
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                return file
    return None
