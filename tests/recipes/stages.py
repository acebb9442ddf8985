"""Performs stages one after another in this process, each in its own folder."""

import inspect
from pathlib import Path
from typing import Any

from tasks.bench import Bench
from tasks.data_files import DataFiles
from tasks.records import Artifact
from tasks.settings import Settings
from tasks.stage import Stage
from tasks.stages import PREPARE

WORK = Path("work")
BENCH = Bench("cpu", WORK, lambda done, total, facts: None, lambda: False, None)


def perform(stage: Stage, **inputs: Any) -> Artifact:
    """Computes a stage for real and returns its folder as an artifact."""
    folder = WORK / stage.name
    folder.mkdir(parents=True)
    stage.compute(folder, BENCH, **inputs)
    return Artifact(stage.name, "key", folder.absolute(), "digest", 0.0, False, "")


def fits(stage: Stage, **inputs: Any) -> None:
    """Refuses inputs that the stage's function does not take."""
    inspect.signature(stage.compute).bind(WORK, BENCH, **inputs)


def prepare(settings: Settings) -> Artifact:
    """Performs the first stage on a data set that needs no download."""
    return perform(
        PREPARE,
        data=settings.data,
        files=DataFiles(WORK, {}),
        shares=settings.splits.model_dump(),
        fewest_of_a_class=settings.evidence.fewest_of_a_class,
        seed=settings.run.seed,
    )
