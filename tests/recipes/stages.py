"""Performs stages one after another in this process, each in its own folder."""

import inspect
from pathlib import Path
from typing import Any

from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.registry import PREPARE
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles

WORK = Path("work")
BENCH = StageContext("cpu", WORK, lambda done, total, facts: None, lambda: False, None)


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
        trains_models=settings.trains_models,
        trains_classifier=settings.trains_classifier,
        fewest_of_a_class=settings.evidence.fewest_of_a_class,
        duplicate_images=settings.evidence.duplicate_images,
        seed=settings.run.seed,
    )
