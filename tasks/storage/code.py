"""Code that a stage is given as an input, because only some audits need it."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True)
class Code:
    """A module of ours, imported where the stage runs. It counts in the stage's key with all that it imports."""

    module: str

    def load(self) -> ModuleType:
        """Returns the module."""
        return import_module(self.module)
