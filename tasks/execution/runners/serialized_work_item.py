"""Computes a work item on another machine: inputs come from the shared store, the result is uploaded to it."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from latent_audit.tasks.errors import StoreError
from latent_audit.tasks.execution.runners.work_item import Report, WorkItem, carry_out
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles, ModelFiles
from latent_audit.tasks.storage.shared_store import SharedStore
from latent_audit.tasks.storage.store import Store

# Where a worker keeps what it fetched; without it, beside the store of the run, for workers on the same machine.
WORKER_STORE = "LATENT_AUDIT_WORKER_STORE"


def may_travel(order: WorkItem) -> bool:
    """Whether another machine can compute a work item, which is not so if it reads a user's files on this one."""
    return not any(isinstance(value, DataFiles | ModelFiles) for value in order.inputs.values())


def carry_out_anywhere(
    order: WorkItem, report: Callable[[Report], None], should_stop: Callable[[], bool]
) -> tuple[float, float]:
    """Computes a work item on a shared disk, or through the shared store that it names.

    Returns when it began and ended, in seconds since the epoch; a stage that is in the shared store already took none.
    """
    if order.shared_store is None:
        return carry_out(order, report, should_stop)
    store = Store(_root(order), SharedStore(order.shared_store))
    inputs = fetched(order.inputs, store)
    name, interval = order.stage.name, (0.0, 0.0)

    def compute(folder: Path) -> float:
        nonlocal interval
        work = store.work_folder(name, order.key)
        here = dataclasses.replace(order, inputs=inputs, folder=folder, work_folder=work)
        interval = carry_out(here, report, should_stop)
        return interval[1] - interval[0]

    with store.claim(name, order.key, _ignore):
        if store.find(name, order.key, _ignore) is None:
            store.build(name, order.key, order.origin, compute)
        store.forget_work(name, order.key)
    return interval


def fetched(value: Any, store: Store) -> Any:
    """Returns a stage's input with its artifacts downloaded to this machine's store."""
    if isinstance(value, Artifact):
        with store.claim(value.stage, value.key, _ignore):
            found = store.find(value.stage, value.key, _ignore)
        if found is None or found.digest != value.digest:
            raise StoreError(
                f"{value.stage} {value.key} is not in the shared store as the run has it; run the same command again"
            )
        return found
    if isinstance(value, Mapping):
        return {name: fetched(item, store) for name, item in value.items()}
    if isinstance(value, list):
        return [fetched(item, store) for item in value]
    return value


def _root(order: WorkItem) -> Path:
    given = os.environ.get(WORKER_STORE)
    return Path(given) if given else order.store / "away"


def _ignore(text: str) -> None:
    """Ignores a message: the waiting process is informed by its own store."""
