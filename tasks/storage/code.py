"""Code as an input of a stage, for code that only some audits need."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True)
class Code:
    """A module of ours that is imported when the stage runs. The stage's key covers it with all that it imports."""

    module: str

    def load(self) -> ModuleType:
        """Returns the module."""
        return import_module(self.module)
