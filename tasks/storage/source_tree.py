"""Source files of a piece of code: its module, all modules of ours it imports, and the files that they read."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from latent_audit.tasks.storage.syntax import Syntax, read_syntax

# Every module of ours is below this one.
OURS = "latent_audit"

# Say where each kind of model is, and what users import, without importing any. What they name counts where it is used,
# not the lists.
LISTS = frozenset({OURS, "latent_audit.vae_models.presets.registry"})


class SourceTree:
    """The source files of our packages, each read once.

    Args:
        folders: returns the folders of a package.
    """

    def __init__(self, folders: Callable[[str], Iterable[str | Path]]) -> None:
        self._folders = folders
        self._syntax: dict[str, Syntax | None] = {}
        self._files: dict[str, Path | None] = {}
        self._read: dict[str, frozenset[str]] = {}

    def closure(self, names: Iterable[str]) -> frozenset[str]:
        """Returns the modules of ours that these import, themselves included; names are "module" or "module:class"."""
        found: set[str] = set()
        waiting = []
        for name in names:
            *packages, module = _with_packages(name.partition(":")[0])
            waiting += [package for package in packages if self._counts(package)] + [module]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._imported(name))
        return frozenset(found)

    def digest(self, names: Iterable[str]) -> str:
        """Returns the SHA-256 over the meaning of all modules of a closure, and over the files that they read."""
        names = frozenset(names)
        digest = hashlib.sha256("\n".join(sorted(names)).encode())
        for module in sorted(self.closure(names)):
            digest.update(f"\0{module}\0{self._of(module).digest}".encode())
            for path in self.files_read(module):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"\0{path.name}\0{content}".encode())
        return digest.hexdigest()

    def files_read(self, module: str) -> Sequence[Path]:
        """Returns the files that a module lists in FILES_READ, sorted."""
        folder = self._path(module).parent
        return sorted({path for pattern in self._of(module).files_read for path in folder.glob(pattern)})

    def packages(self, names: Iterable[str]) -> frozenset[str]:
        """Returns the top names of all packages that are not ours and that a closure imports."""
        return frozenset(
            name.partition(".")[0]
            for module in self.closure(names)
            for name in self._of(module).imports
            if name.partition(".")[0] != OURS
        )

    def _imported(self, module: str) -> frozenset[str]:
        """Returns the modules of ours that one imports, with the packages that they lie in."""
        if module not in self._read:
            found = set()
            for name in self._of(module).imports:
                if name.partition(".")[0] == OURS:
                    found.update(_with_packages(name))
            self._read[module] = frozenset(name for name in found if self._counts(name))
        return self._read[module]

    def _counts(self, name: str) -> bool:
        return name not in LISTS and self._file(name) is not None

    def _of(self, module: str) -> Syntax:
        if module not in self._syntax:
            path = self._path(module)
            self._syntax[module] = read_syntax(path.read_bytes(), module, path.name == "__init__.py")
        found = self._syntax[module]
        assert found is not None
        return found

    def _path(self, module: str) -> Path:
        file = self._file(module)
        if file is None:
            raise ModuleNotFoundError(f"there is no module {module} in {OURS}", name=module)
        return file

    def _file(self, name: str) -> Path | None:
        """Returns the file of a module, or None if the name is not a module.

        Nothing is imported; `find_spec` would import the parent packages of the name, and thereby nearly all modules.
        """
        if name not in self._files:
            self._files[name] = self._found(name)
        return self._files[name]

    def _found(self, name: str) -> Path | None:
        room, *rest = name.split(".")
        for root in self._folders(room):
            place = Path(root, *rest)
            for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
                if file.is_file():
                    return file
        return None


def _with_packages(module: str) -> list[str]:
    """Returns the names of a module's parent packages, which its import also imports, and its own."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
