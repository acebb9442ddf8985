"""The arguments of a stage, as its declaration names them: results of other stages, settings, code."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.explanation_sizes import ExplanationSizes
from latent_audit.tasks.storage.artifacts import ModelKey
from latent_audit.tasks.storage.code import Code

BY_DEPTH = {field.name for field in fields(ExplanationSizes)}


def runs_for(stage: Stage, settings: Settings, model: ModelKey | None = None) -> bool:
    """Returns whether a stage runs for one model and seed; without them, for the audit as a whole."""
    if model is not None and stage.lead_seed_only and model.seed != settings.seeds[0]:
        return False
    of_a_model = () if model is None else (model.name,)
    return not stage.only_if or bool(getattr(settings, stage.only_if)(*of_a_model))


def arguments(
    stage: Stage, settings: Settings, results: Mapping[str, Any], model: ModelKey | None = None
) -> dict[str, Any]:
    """Returns the arguments of a stage by name.

    Args:
        stage: the stage.
        settings: of the run.
        results: of other stages, by the names in `Stage.result`.
        model: the model and seed that the stage is about; None for a stage of the whole audit.
    """
    given = {name: results[name] for name in stage.needs}
    given |= {path.rpartition(".")[2]: setting(settings, path, model) for path in stage.settings}
    for name, kind, module in stage.code:
        needed = model is not None and settings.models[model.name].kind == kind
        given[name] = Code(module) if needed else None
    return given


def setting(settings: Settings, path: str, model: ModelKey | None = None) -> Any:
    """Returns the value of a setting, as "evidence.bootstraps"; "model.name" is the name of the model."""
    room, *names = path.split(".")
    if room == "explanations" and names[0] in BY_DEPTH:
        return getattr(settings.explanations.sizes(), names[0])
    if path == "classifier":
        return settings.brought_classifier or settings.classifiers[0]
    value: Any = model if room == "model" else getattr(settings, room)
    for part in names:
        value = getattr(value, part)
    return value
