"""What a stage is: a name, a function that writes files, and a declaration of everything that it depends on.

A stage's content key is made from its inputs by `key_part`, so no input can be forgotten in it. What must not
change a result (device index, work folder, progress, stop) reaches the function on a `StageContext` instead.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.data_files import DataFiles, ModelFiles


@dataclass(frozen=True)
class RecordPart:
    """A part of a model's section in audit.json that a stage writes.

    Args:
        key: the part's key; stages that write the same key write lists, which are joined.
        file: the stage's file that holds it.
        missing: the value where the stage did not write the file.
    """

    key: str
    file: str
    missing: Any = None


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline, declared without importing what computes it: only workers need that.

    `compute(folder, context, **inputs)` of `module` is pure code that writes its results as files into `folder`; what
    it writes with `write_summary` (tasks/storage/arrays.py) is logged to MLflow. The source of `module`, with all that
    it imports of ours, decides the content key.

    Args:
        name: in the store, the ledger, Prefect and MLflow.
        verb: what progress shows, before the name of the model.
        module: holds the function.
        on_device: whether it runs on the GPU where there is one.
        function: the function's name.
        may_fail: whether an audit goes on without its result.
        saves: whether it stops when it is asked to and goes on from there the next time; others are finished first.
        result: the argument by which other stages take its result; "" where none does.
        needs: the results that it takes, by these arguments.
        settings: the settings that it takes, as "evidence.bootstraps"; the last part is the argument's name.
        code: arguments that take a module for one kind of model alone: (argument, kind, module).
        lead_seed_only: whether it runs for the first seed of a model alone, which the report shows in full.
        only_if: a method of the settings that says for which models (by name) it runs, of a stage of the whole audit
            whether; "" for all.
        record: the parts of a model's section in audit.json that it writes.
    """

    name: str
    verb: str
    module: str
    on_device: bool = False
    function: str = "compute"
    may_fail: bool = False
    saves: bool = False
    result: str = ""
    needs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    code: tuple[tuple[str, str, str], ...] = ()
    lead_seed_only: bool = False
    only_if: str = ""
    record: tuple[RecordPart, ...] = ()

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
