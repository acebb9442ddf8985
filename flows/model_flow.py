"""One model, one seed: train, or import a model trained elsewhere -> encode -> every analysis."""

from collections.abc import Mapping
from typing import Any

from prefect.futures import PrefectFuture

from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session.prefect_tasks import submit
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.arguments import arguments, runs_for
from latent_audit.tasks.stages.registry import (
    COMPARE_CLASSIFIERS,
    IMPORT_MODEL,
    INTERVENE_SECOND,
    LOCATE_SECOND,
    OF_A_MODEL,
    OF_A_PRUNED_CODE,
    PRUNE,
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
    started: dict[ModelKey, PrefectFuture[Artifact]] = {}
    # What others start from comes first.
    for model in sorted(settings.model_keys, key=lambda key: settings.start_of(key.name) is not None):
        start = settings.start_of(model.name)
        before = None if start is None else started[ModelKey(start, model.seed)]
        started[model] = (
            submit(stage_runner, TAKE_TRAINED, model, stack=stacks[model.name], seed=model.seed)
            if model.name in stacks
            else start_model(stage_runner, settings, model, prepared, found, before)
        )
    return {model: started[model] for model in settings.model_keys}


def start_model(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    found: Mapping[str, ModelFiles],
    before: PrefectFuture[Artifact] | None = None,
) -> PrefectFuture[Artifact]:
    """Submits the training of one model with one seed by itself, or its import; from the weights of `before`."""
    inputs: dict[str, Any] = {"prepared": prepared, "model": settings.models[model.name], "seed": model.seed}
    if model.name in found:
        return submit(stage_runner, IMPORT_MODEL, model, files=found[model.name], **inputs)
    if before is not None:
        inputs["before"] = before
    return submit(stage_runner, TRAIN_MODEL, model, **inputs)


def analyse(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
    trained: PrefectFuture[Artifact],
    outside: PrefectFuture[Artifact] | None = None,
    second_classifier: PrefectFuture[Artifact] | None = None,
) -> Futures:
    """Submits every stage of one trained model; returns the stages' futures by name.

    Evidence is gathered for every seed; controls and explanations for the first one, which the report shows in full.
    `outside` is the out-of-distribution data set of anomaly detection, `second_classifier` another judge, if any.
    """
    results = {"prepared": prepared, "classifier": classifier, "trained": trained, "outside": outside}
    futures = {TRAIN_MODEL.name: trained}
    for stage in OF_A_MODEL:
        if runs_for(stage, settings, model):
            future = submit(stage_runner, stage, model, **arguments(stage, settings, results, model))
            futures[stage.name] = future
            if stage.result:
                results[stage.result] = future
    if runs_for(PRUNE, settings, model):
        futures |= _prune(stage_runner, settings, model, results)
    if second_classifier is not None:
        futures |= _judge_again(stage_runner, settings, model, results, second_classifier)
    return futures


def _prune(
    stage_runner: StageRunner, settings: Settings, model: ModelKey, results: Mapping[str, Any]
) -> Futures:
    """Submits codes without unused dimensions, and the evidence of these."""
    pruned = submit(stage_runner, PRUNE, model, **arguments(PRUNE, settings, results, model))
    futures, seen = {PRUNE.name: pruned}, {**results, "encoded": pruned}
    for stage in OF_A_PRUNED_CODE:
        found = submit(stage_runner, stage, model, **arguments(stage, settings, seen, model))
        futures[stage.name] = seen[stage.result] = found
    return futures


def _judge_again(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    results: Mapping[str, Any],
    second_classifier: PrefectFuture[Artifact],
) -> Futures:
    """Submits interventions and places by a second classifier, and the comparison of the two."""

    def start(stage: Stage, inputs: Mapping[str, Any]) -> PrefectFuture[Artifact]:
        return submit(stage_runner, stage, model, **arguments(stage, settings, inputs, model))

    by_second = {**results, "classifier": second_classifier}
    intervened = start(INTERVENE_SECOND, by_second)
    located = start(LOCATE_SECOND, {**by_second, "intervened": intervened})
    of_second = {
        "second_classifier": second_classifier,
        INTERVENE_SECOND.result: intervened,
        LOCATE_SECOND.result: located,
    }
    return {
        INTERVENE_SECOND.name: intervened,
        LOCATE_SECOND.name: located,
        COMPARE_CLASSIFIERS.name: start(COMPARE_CLASSIFIERS, {**results, **of_second}),
    }
