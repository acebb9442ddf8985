"""Models and data sets that installed packages offer by entry points; nothing of them is imported to list them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from latent_audit.vocabulary.errors import UserError
from latent_audit.vocabulary.machine_errors import raise_machine_error

MODELS, DATASETS = "latent_audit.models", "latent_audit.datasets"


class BadExtension(UserError):
    """No installed package offers what is named, or it cannot be imported."""


@dataclass(frozen=True)
class Extension:
    """What an installed package offers under a name: `package.module:function`, and who wrote it."""

    name: str
    target: str
    distribution: str
    version: str

    @property
    def described(self) -> str:
        """The name with the package that it is from, for records."""
        return f"{self.name} ({self.distribution} {self.version}: {self.target})"

    def digest(self) -> str:
        """Returns a SHA-256 over the Python files of the package that holds the function; imports none of them."""
        top = self.target.partition(":")[0].partition(".")[0]
        spec = find_spec(top)
        if spec is None:
            raise BadExtension(f"{self.described}: there is no package {top} to import")
        folders = [Path(place) for place in spec.submodule_search_locations or ()]
        files = [(folder, path) for folder in folders for path in folder.rglob("*.py")]
        if not folders and spec.origin is not None:
            files = [(Path(spec.origin).parent, Path(spec.origin))]
        whole = hashlib.sha256(f"{self.distribution} {self.version}".encode())
        for name, path in sorted((path.relative_to(folder).as_posix(), path) for folder, path in files):
            whole.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return whole.hexdigest()


def find(group: str, name: str) -> Extension:
    """Returns what installed packages offer under a name in a group; raises BadExtension."""
    point = _point(group, name)
    assert point.dist is not None  # it was found in a distribution
    return Extension(name, point.value, point.dist.name, point.dist.version)


def load(group: str, name: str) -> Callable[..., Any]:
    """Returns the function; this imports the package. Raises BadExtension."""
    try:
        found = _point(group, name).load()
    except BadExtension:
        raise
    except Exception as error:  # code that is not ours can fail in any way
        raise_machine_error(error)
        raise BadExtension(
            f"{find(group, name).described} cannot be imported: {type(error).__name__}: {str(error)[:300]}"
        ) from error
    if not callable(found):
        raise BadExtension(
            f"{find(group, name).described} is a {type(found).__name__}, and must be a function"
        )
    function: Callable[..., Any] = found
    return function


def _point(group: str, name: str) -> EntryPoint:
    offered = entry_points(group=group)
    points = [point for point in offered if point.name == name]
    if not points:
        listed = ", ".join(sorted(point.name for point in offered)) or "none"
        raise BadExtension(
            f"no installed package offers {name!r} as an entry point of {group}; offered are: {listed}. Install the "
            "package beside latent-audit"
        )
    packages = sorted({point.dist.name for point in points if point.dist is not None})
    if len(packages) > 1:
        raise BadExtension(
            f"{name!r} is offered by several packages ({', '.join(packages)}): remove all but one of them"
        )
    return points[0]
