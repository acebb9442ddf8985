"""Failures after which an audit continues: optional parts, and one of several models.

What may not fail: the data, the classifier, and of the models that remain encoding, checks A to D, controls and
verdicts. Cancellation, lost memory, a full disk and servers that are gone are never survived: they say nothing about
the part that met them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from latent_audit.tasks.errors import (
    NoSpaceLeft,
    PartFailed,
    ServiceError,
    StageFailed,
    Stopped,
    StoreError,
    TrackingError,
    WorkerDied,
)
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.passwords import without_password
from latent_audit.tasks.storage.artifacts import ModelKey
from latent_audit.vocabulary.machine_errors import is_of_the_machine
from latent_audit.vocabulary.reasons import reason

# Errors of the machine or of the user's wish, not of the part.
NOT_OF_THE_PART = (Stopped, WorkerDied, NoSpaceLeft, StoreError, TrackingError, ServiceError)

Results = Mapping[str, Mapping[str, Any]]


def as_failed_part(
    error: Exception, stage: Stage, model: ModelKey | None, *, one_of_several: bool
) -> PartFailed | None:
    """Returns the failure as a PartFailed if the audit can continue, or None if it must end the run.

    Args:
        error: what the stage raised.
        stage: the stage.
        model: the model of the stage, None for a stage of the whole audit.
        one_of_several: whether the audit has other models.
    """
    survivable = stage.may_fail or (model is not None and one_of_several)
    if not survivable or isinstance(error, NOT_OF_THE_PART) or is_of_the_machine(error):
        return None
    kind = type(error).__name__
    text = without_password(" ".join(str(error).split()).rstrip(". ") or kind)
    if not isinstance(error, StageFailed) and type(error).__module__ == "builtins":
        sentence, message = f"{kind}: {text}", reason("failed.raised", kind=kind, text=text)
    else:
        sentence, message = text, reason("failed.said", text=text)
    return PartFailed(stage.name, *_names(model), sentence, not stage.may_fail, message=message)


def raise_failed_inputs(inputs: Any, stage: Stage, model: ModelKey | None) -> None:
    """Raises the failure of an input, so that the stage is not computed.

    Raises:
        PartFailed: the failed inputs are optional parts, so this stage is one too.
        Exception: another failure, which ends the run.
    """
    failures = list(_failures(inputs))
    for failure in failures:
        if not isinstance(failure, PartFailed):
            raise failure
    for part in failures:
        assert isinstance(part, PartFailed)
        sentence = f"not computed, since {part}"
        raise PartFailed(stage.name, *_names(model), sentence, not stage.may_fail, part.cause or part)


def without_failed(models: Sequence[ModelKey], results: Results) -> tuple[list[ModelKey], dict[str, Any]]:
    """Returns the models that the audit can judge, and their results without failed parts.

    A model and seed is left out where a stage failed that verdicts rest on; all seeds of a model are left out where
    the lead seed is, since a report shows it in full.

    Raises:
        PartFailed: no model remains; the first failure that left one out.
    """
    lead = models[0].seed
    fatal = {model: _fatal(results[model.id]) for model in models}
    lost = {model.name for model in models if model.seed == lead and fatal[model] is not None}
    kept = [model for model in models if model.name not in lost and fatal[model] is None]
    if not kept:
        raise next(failure for failure in fatal.values() if failure is not None)
    return kept, {
        model.id: {
            name: found for name, found in results[model.id].items() if not isinstance(found, PartFailed)
        }
        for model in kept
    }


def failed_rows(kept: Sequence[ModelKey], results: Results) -> list[dict[str, Any]]:
    """Returns a row for each part that failed by itself: part, model, seed, and the reason as a key with values.

    Of a model that is left out, the rows hold the stages that verdicts rest on.
    """
    left_out = results.keys() - {model.id for model in kept}
    rows = {
        (failure.part, failure.model, failure.seed): failure
        for identifier, found in results.items()
        for failure in _failures(found)
        if isinstance(failure, PartFailed)
        and failure.cause is None
        and (identifier not in left_out or failure.is_essential)
    }
    return [
        {"part": part, "model": model, "seed": seed, "reason": failure.message}
        for (part, model, seed), failure in rows.items()
    ]


def _fatal(results: Mapping[str, Any]) -> PartFailed | None:
    found = (found for found in results.values() if isinstance(found, PartFailed))
    return next((failure.cause or failure for failure in found if failure.is_essential), None)


def _failures(value: Any) -> Iterator[Exception]:
    if isinstance(value, Exception):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _failures(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _failures(inner)


def _names(model: ModelKey | None) -> tuple[str | None, int | None]:
    return (None, None) if model is None else (model.name, model.seed)
