"""One stage to compute: everything that a worker needs, and the function that computes it."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from latent_audit.tasks.errors import StageFailed, Stopped
from latent_audit.tasks.execution.gpu_slots import gpu_slot
from latent_audit.tasks.execution.process_setup import without_garbage_collection
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.storage.code_of_inputs import code_of
from latent_audit.tasks.storage.source_digest import computed_by

# Enough for a bar that moves, little enough to cost nothing.
REPORT_EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Report:
    """Progress of a stage. Facts may hold images_per_second, seconds_left and losses."""

    label: str
    done: int
    total: int
    facts: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class WorkItem:
    """A stage with its inputs, its output folder and its content key.

    `folder` is where its files go, `work_folder` where its checkpoints are, `store` the run's store. `origin` is the
    MLflow run it is computed for. `gpu_slots` is how many stages may share a GPU. `shared_store` is the address
    through which machines hand each other stages, if they do. `computed_by` is the code that its key stands for, as
    `latent_audit.tasks.storage.source_digest.computed_by` has it; whoever has another refuses the order.
    `code_folders` are where the user's own code is, which may be imported.
    """

    stage: Stage
    key: str
    origin: str
    label: str
    inputs: Mapping[str, Any]
    device: str
    folder: Path
    work_folder: Path
    store: Path
    deadline_seconds: float | None = None
    gpu_slots: int = 1
    shared_store: str | None = None
    computed_by: Mapping[str, Any] | None = None
    code_folders: tuple[str, ...] = ()


def carry_out(
    order: WorkItem, report: Callable[[Report], None], should_stop: Callable[[], bool]
) -> tuple[float, float]:
    """Computes the stage in this thread. Returns when it began and ended, in seconds since the epoch."""
    if should_stop():  # it waited for a free worker until the user asked to stop
        raise Stopped("stopped before this stage began")
    _empty(order.folder)
    with without_garbage_collection():
        import torch  # here: the parent of worker processes never needs it

        compute = order.stage.compute
    _refuse_other_code(order)
    # Workers begin before it is known whose code a run needs. Behind all else, so that it shadows nothing.
    sys.path.extend(folder for folder in order.code_folders if folder not in sys.path)
    torch.set_num_threads(1)
    last = 0.0

    def shown(done: int, total: int, facts: Mapping[str, float]) -> None:
        nonlocal last
        if done >= total or time.monotonic() - last >= REPORT_EVERY_SECONDS:
            last = time.monotonic()
            report(Report(order.label, done, total, dict(facts)))

    with gpu_slot(order.device, order.gpu_slots) as device:
        started, clock = time.time(), time.monotonic()
        context = StageContext(device, order.work_folder, shown, should_stop, order.deadline_seconds)
        compute(order.folder, context, **order.inputs)
        # Not the time of day at the end: the clock may have been put back meanwhile.
        return started, started + time.monotonic() - clock


def _refuse_other_code(order: WorkItem) -> None:
    """Raises StageFailed if this process would store a result under the key of other code.

    Files may have been edited since the run began; another machine may have another version of this project or of a
    package; a worker that has been there for long may have loaded what has changed since.
    """
    if order.computed_by is None:
        return
    module = order.stage.module
    here = computed_by(module, *code_of(module, order.inputs))
    theirs = order.computed_by["versions"]
    differ = [
        f"{name} is {here['versions'].get(name)} there and {version} here"
        for name, version in theirs.items()
        if here["versions"].get(name) != version
    ]
    if here["source"] != order.computed_by["source"]:
        differ.append("source files of this project differ, or were edited during the run")
    if differ:
        raise StageFailed(
            f"{order.label}: the worker's code is not that of the run: {'; '.join(differ)}. Give all machines the same "
            "version, restart workers that have been there for longer, and run the same command again"
        )


def _empty(folder: Path) -> None:
    """Empties the folder, which a worker that died on another machine may have left incomplete."""
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
