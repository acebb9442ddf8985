"""What a stage is: a name and a function that writes files, told everything it may depend on.

A stage's content key is made from its inputs by `key_part`, so no input can be forgotten in it. What must not
change a result (device index, work folder, progress, stop) reaches the function on a `StageContext` instead.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from latent_audit.tasks.session.data_files import DataFiles, ModelFiles
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline, named without importing what computes it: only workers need that.

    `compute(folder, context, **inputs)` of `module` is pure code that writes its results as files into `folder`; a file
    summary.json there, {"metrics", "tags", "curves"}, is what MLflow is told. The source of `module`, with all that
    it imports of ours, decides the content key. `doing` is the verb that progress shows. `on_device` stages run on
    the GPU where there is one. An audit goes on without the result of a stage that `may_fail`. A stage that
    `saves` stops when it is asked to and goes on from there the next time; the others are finished first.
    """

    name: str
    verb: str
    module: str
    on_device: bool = False
    function: str = "compute"
    may_fail: bool = False
    saves: bool = False

    @property
    def compute(self) -> Callable[..., None]:
        """The function; importing its module may take seconds."""
        found: Callable[..., None] = getattr(import_module(self.module), self.function)
        return found


def key_part(value: Any) -> Any:
    """Returns the JSON value that stands for an input in a content key.

    Artifacts stand for their content, settings for their values. Settings may name fields in
    `not_in_key` that say where something is and not what it is.
    """
    if isinstance(value, DataFiles | ModelFiles):
        return value.key_part()
    if isinstance(value, Artifact):
        return {"artifact": value.digest}
    if isinstance(value, ModelKey):
        return {"name": value.name, "seed": value.seed}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude=getattr(type(value), "not_in_key", None))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return key_part(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {str(name): key_part(item) for name, item in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Sequence):
        return [key_part(item) for item in value]
    raise TypeError(
        f"a stage's input must be settings, artifacts or plain values, got {type(value).__name__}"
    )
