"""Digests of the source files that compute a stage; editing one recomputes only the stages that use it.

Prefect's TASK_SOURCE policy sees a task's own lines only, never what they call.
"""

import threading
from functools import cache
from importlib import import_module, metadata
from typing import Any

from latent_audit.tasks.storage.source_tree import SourceTree

# Packages whose release can change what a stage writes, by the name that they are imported under; each with those that
# compute for it unseen. Others cannot.
NUMERIC = {
    "torch": ("torch",),
    "torchvision": ("torchvision", "torch", "pillow"),
    "numpy": ("numpy",),
    "scipy": ("scipy", "numpy"),
    "sklearn": ("scikit-learn", "scipy", "numpy"),
    "umap": ("umap-learn", "pynndescent", "numba", "scikit-learn", "scipy", "numpy"),
    "captum": ("captum", "torch"),
    "pandas": ("pandas", "numpy"),
    "PIL": ("pillow",),
    "h5py": ("h5py", "numpy"),
    "matplotlib": ("matplotlib", "numpy", "pillow"),
    "jinja2": ("jinja2", "markupsafe"),
    "markupsafe": ("markupsafe",),
    "jsonschema": ("jsonschema",),
}

_tree = SourceTree(lambda package: import_module(package).__path__)
# Python's parser is not safe in several threads at once, and stages are looked up in many.
_parsing = threading.Lock()


def source_digest(*names: str) -> str:
    """Returns the SHA-256 over modules of ours and all modules of ours that they import, directly or not.

    Comments, docstrings and TYPE_CHECKING blocks do not count; files that the modules list in FILES_READ do. A name is
    "module" or "module:class".
    """
    return _digest(frozenset(names))


def closure(*names: str) -> frozenset[str]:
    """Returns the modules of ours that `source_digest` covers."""
    with _parsing:
        return _tree.closure(names)


def numeric_versions(*names: str) -> dict[str, str]:
    """Returns the versions of the packages that these modules use and whose version can change a number."""
    return _versions(frozenset(names))


def computed_by(*names: str) -> dict[str, Any]:
    """Returns the digest of the sources and the versions of packages, which determine the result of a stage."""
    return {"source": source_digest(*names), "versions": numeric_versions(*names)}


@cache
def _digest(names: frozenset[str]) -> str:
    with _parsing:
        return _tree.digest(names)


@cache
def _versions(names: frozenset[str]) -> dict[str, str]:
    with _parsing:
        used = _tree.packages(names)
    chosen = {name for package in used & NUMERIC.keys() for name in NUMERIC[package]}
    return {name: _version(name) for name in sorted(chosen)}


@cache
def _version(name: str) -> str:
    return metadata.version(name)
