"""Finds the code that belongs to a stage's inputs: of a data set, of a model, or of a trained model's kind."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.code import Code
from latent_audit.tasks.storage.source_digest import closure
from latent_audit.tasks.storage.source_tree import OURS
from latent_audit.vae_models.presets.registry import KINDS
from latent_audit.vae_models.storage.saved_model import kind_in

# Whoever imports this reads trained models back, whatever their kind.
READS_MODELS = "latent_audit.vae_models.presets.settings_by_kind"


def code_of(module: str, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the sorted names of the code that a stage of `module` runs for its inputs, for its content key.

    That of every settings object among the inputs, of every `Code`, and, if the stage reads trained models, of the
    kinds that the recipes among the inputs name.
    """
    given = set(_given(inputs))
    if READS_MODELS in closure(module, *given):
        given |= {KINDS[kind] for kind in _kinds(inputs) if kind in KINDS}
    return tuple(sorted(given))


def _given(value: Any) -> Iterator[str]:
    """Yields the code of the values' own classes, which a worker imports to read them."""
    if isinstance(value, Code):
        yield value.module
    elif isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        if type(value).__module__.partition(".")[0] == OURS:
            yield f"{type(value).__module__}:{type(value).__qualname__}"
        names = type(value).model_fields if isinstance(value, BaseModel) else _fields(value)
        for name in names:
            yield from _given(getattr(value, name))
    else:
        for item in _items(value):
            yield from _given(item)


def _kinds(value: Any) -> Iterator[str]:
    if isinstance(value, Artifact):
        kind = kind_in(value.path)
        if kind is not None:
            yield kind
    else:
        for item in _items(value):
            yield from _kinds(item)


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    return ()


def _fields(value: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(value)]
