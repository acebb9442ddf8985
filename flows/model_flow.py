"""One model, one seed: train, or import a model trained elsewhere -> encode -> every analysis."""

from collections.abc import Mapping
from typing import Any

from prefect.futures import PrefectFuture

from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session.prefect_tasks import submit
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.arguments import arguments, runs_for
from latent_audit.tasks.stages.registry import (
    IMPORT_MODEL,
    OF_A_MODEL,
    TAKE_TRAINED,
    TRAIN_MODEL,
    TRAIN_STACK,
)
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.data_files import ModelFiles

Futures = dict[str, PrefectFuture[Artifact]]


def start_models(
    stage_runner: StageRunner,
    settings: Settings,
    prepared: PrefectFuture[Artifact],
    found: Mapping[str, ModelFiles],
) -> dict[ModelKey, PrefectFuture[Artifact]]:
    """Submits the training of every model with every seed, or its import if `found` has its files."""
    stacks = {
        name: submit(
            stage_runner,
            TRAIN_STACK,
            ModelKey(name, settings.seeds[0]),
            prepared=prepared,
            model=settings.models[name],
            seeds=settings.seeds,
        )
        for name in settings.models
        if settings.is_stacked(name)
    }
    return {
        model: submit(stage_runner, TAKE_TRAINED, model, stack=stacks[model.name], seed=model.seed)
        if model.name in stacks
        else start_model(stage_runner, settings, model, prepared, found)
        for model in settings.model_keys
    }


def start_model(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    found: Mapping[str, ModelFiles],
) -> PrefectFuture[Artifact]:
    """Submits the training of one model with one seed by itself, or its import."""
    inputs: dict[str, Any] = {"prepared": prepared, "model": settings.models[model.name], "seed": model.seed}
    if model.name in found:
        return submit(stage_runner, IMPORT_MODEL, model, files=found[model.name], **inputs)
    return submit(stage_runner, TRAIN_MODEL, model, **inputs)


def analyse(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
    trained: PrefectFuture[Artifact],
    outside: PrefectFuture[Artifact] | None = None,
) -> Futures:
    """Submits every stage of one trained model; returns the stages' futures by name.

    Evidence is gathered for every seed; controls and explanations for the first one, which the report shows in full.
    `outside` is the out-of-distribution data set of anomaly detection.
    """
    results = {"prepared": prepared, "classifier": classifier, "trained": trained, "outside": outside}
    futures = {TRAIN_MODEL.name: trained}
    for stage in OF_A_MODEL:
        if runs_for(stage, settings, model):
            future = submit(stage_runner, stage, model, **arguments(stage, settings, results, model))
            futures[stage.name] = future
            if stage.result:
                results[stage.result] = future
    return futures
