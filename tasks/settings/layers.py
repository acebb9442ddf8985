"""Reads settings from file, environment and command line, and reports all errors at once."""

import dataclasses
import difflib
import os
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.models_by_path import has_a_path_alone, image_size_of, with_kind_of_path
from latent_audit.tasks.settings.run import SOURCES
from latent_audit.tasks.settings.words import layered, parse_overrides, read_yaml, split_words


def load_settings(config: Path | None, overrides: Sequence[str] = ()) -> Settings:
    """Returns the effective settings: command line over environment over the YAML file over defaults.

    Args:
        config: a YAML file, or None.
        overrides: command-line words, ["--data.image_size", "64", "--seeds=[0,1]"], with values in YAML.

    Returns:
        All sections, each value checked; durations are in steps or shares of a training, images in numbers.

    Raises:
        SettingsError: lists every unknown key and wrong value, one per line.

    Source:
        Every key with its default and meaning: docs/reference, page "Settings".

    Example:
        >>> settings = load_settings(None, ["--data.kind", "mnist", "--seeds", "[0, 1]"])
        >>> settings.data.kind, settings.seeds
        ('mnist', (0, 1))
    """
    _refuse_unknown_variables()
    given = parse_overrides(overrides)
    in_file = read_yaml(config) if config else {}
    file_layer = _with_default_kinds(in_file)
    in_words, in_environment = _gives_all_models(overrides)
    given, by_path = _with_kinds_of_paths(given)
    file_layer, also_by_path = _with_kinds_of_paths(file_layer)
    if in_words or in_environment or (by_path and "models" not in in_file):
        # As in a file, a whole `models` says which models there are; below it, only knobs of theirs can be turned.
        file_layer = {**file_layer, "models": {}}
    if by_path or also_by_path:
        given = _with_image_size(given, in_file)
    if in_words and isinstance(given["models"], dict):
        given["models"] = {name: _with_kind(name, model) for name, model in given["models"].items()}
    try:
        found = layered(Settings, file_layer, without=("models",) if in_words else ())(**given)
        # Not validated again: that would read the environment once more, and add its models to those of the words.
        return Settings.model_construct(**{name: getattr(found, name) for name in Settings.model_fields})
    except ValidationError as error:
        raise SettingsError(sentences(error)) from None


def settings_from_words(words: Sequence[str]) -> Settings:
    """Returns the effective settings of a command's words."""
    return load_settings(*split_words(words))


def describe(settings: BaseModel) -> str:
    """Returns settings as YAML that is a valid settings file, with a description of each setting."""
    return "\n".join(_described(settings, "")) + "\n"


def _with_default_kinds(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the file's values with the kinds of default data and models, so that one setting can be given alone."""
    data = Settings.model_fields["data"].default
    given = values.get("data", {})
    if isinstance(given, dict):
        values = {**values, "data": {"kind": data.kind, **given}}
    return {"models": {name: _with_kind(name, {}) for name in _DEFAULT_MODELS}, **values}


def _with_kinds_of_paths(values: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Returns the values with the kinds of models that are given by a path alone, and whether there are such."""
    models = values.get("models")
    if not isinstance(models, dict) or not any(map(has_a_path_alone, models.values())):
        return values, False
    return {
        **values,
        "models": {name: with_kind_of_path(name, model) for name, model in models.items()},
    }, True


def _with_image_size(given: dict[str, Any], in_file: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of the command line with the size of images of models by path, unless a size is given."""
    data = [layer.get("data") or {} for layer in (given, in_file)]
    if any(not isinstance(values, dict) or "image_size" in values for values in data):
        return given
    if f"{SOURCES['env_prefix']}DATA__IMAGE_SIZE" in os.environ:
        return given
    models: dict[str, Any] = {}
    for layer in (in_file, given):
        models |= layer["models"] if isinstance(layer.get("models"), dict) else {}
    side = image_size_of({name: with_kind_of_path(name, model) for name, model in models.items()})
    return given if side is None else {**given, "data": {**data[0], "image_size": side}}


_DEFAULT_MODELS = Settings.model_fields["models"].default


def _with_kind(name: str, model: Any) -> Any:
    """Returns a model's values, by default with the kind of the default model of that name."""
    if name in _DEFAULT_MODELS and isinstance(model, dict):
        return {"kind": _DEFAULT_MODELS[name].kind, **model}
    return model


def _gives_all_models(overrides: Sequence[str]) -> tuple[bool, bool]:
    """Returns whether `models` is given as a whole on the command line, and in the environment."""
    in_words = any(word == "--models" or word.startswith("--models=") for word in overrides)
    return in_words, any(name.upper() == f"{SOURCES['env_prefix']}MODELS" for name in os.environ)


def sentences(error: ValidationError) -> str:
    """Returns a text on every problem of settings, one a line."""
    lines = []
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            lines.append(f"{_without_tags(name)}: unknown setting{_suggestion(name, item['loc'])}")
        else:
            said = _what_was_expected(item)
            is_said = item["type"] == "missing" or (item["type"] == "value_error" and ", got " in said)
            got = "" if is_said else f" (got {_short(item['input'])}{_quotes(item)})"
            lines.append(f"{_without_tags(name)}: {said}{got}")
    count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
    return (
        f"the settings have {count}:\n  " + "\n  ".join(lines) + "\nSee them all with: latent-audit settings"
    )


def _what_was_expected(item: Any) -> str:
    """Returns what a setting should be, in words of settings and not of the library that checks them."""
    kind = item["type"]
    if kind in ("model_attributes_type", "model_type", "dict_type", "dataclass_type"):
        return "expected keys with values, as in {key: value}"
    if kind in ("tuple_type", "list_type"):
        return "expected a list, as in [first, second]"
    if kind == "too_short":
        return f"expected at least {item['ctx']['min_length']} values"
    if kind == "path_type":
        return "expected a path; put one that looks like a number in quotation marks"
    if kind == "union_tag_not_found":
        return f"expected a kind, as in {{kind: {_EXAMPLE_KINDS.get(item['loc'][0], '...')}}}"
    if kind == "union_tag_invalid":
        tag, known = item["ctx"]["tag"], item["ctx"]["expected_tags"].replace("'", "")
        close = difflib.get_close_matches(tag, known.split(", "), n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        return f"there is no kind {_short(tag)}; {meant}Kinds are {known}"
    return str(item["msg"].removeprefix("Value error, "))


_EXAMPLE_KINDS = {"data": "sprites", "models": "vae"}


def _quotes(item: Any) -> str:
    """Returns what helps where a text was meant and YAML saw something else."""
    meant = item["type"] == "string_type" and isinstance(item["input"], bool | int | float)
    return "; put text that looks like a number, yes or no in quotation marks" if meant else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _kinds() -> set[str]:
    return {
        str(get_args(model.model_fields["kind"].annotation)[0])
        for model in settings_models(Settings)
        if "kind" in model.model_fields
    }


def _without_tags(name: str) -> str:
    """Returns the dotted name as users write it: pydantic puts the kind between a union and its fields."""
    parts = name.split(".")
    tag_at = {"data": 1, "models": 2, "classifier": 1}.get(parts[0], len(parts))
    if len(parts) > tag_at and parts[tag_at] in {*_kinds(), "several"}:
        del parts[tag_at]
    return ".".join(parts)


# Settings of older versions, by their last part.
RENAMED = {
    "move_images": "manipulation_images",
    "use_images": "anomaly_images",
    "null_moves_per_dimension": "null_directions_per_dimension",
}


def _suggestion(name: str, place: tuple[int | str, ...]) -> str:
    renamed = RENAMED.get(name.rsplit(".", 1)[-1])
    if renamed is not None:
        return f"; it is called {renamed} now"
    last = str(place[-1])
    if "." in last:
        section, _, key = last.partition(".")
        return f"; a file nests it, as in {section}: {{{key}: ...}}"
    if len(place) == 1:
        sections = [
            section for section, field in Settings.model_fields.items() if _has(field.annotation, last)
        ]
        if sections:
            below = " and ".join(f"{'models.NAME' if one == 'models' else one}.{last}" for one in sections)
            return f"; did you mean {below}?"
    known = {field for model in settings_models(Settings) for field in model.model_fields}
    known |= {field.name for field in dataclasses.fields(Thresholds)}
    close = difflib.get_close_matches(name.rsplit(".", 1)[-1], sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _has(annotation: Any, name: str) -> bool:
    """Returns whether a section's own keys, or those of a model, have a name."""
    return any(name in model.model_fields for model in settings_models(annotation))


def _refuse_unknown_variables() -> None:
    """Raises SettingsError for variables of the environment that were meant as settings and are none."""
    prefix = SOURCES["env_prefix"]
    known = list(Settings.model_fields)
    for variable in sorted(os.environ):
        if not variable.upper().startswith(prefix):
            continue
        section, below, _ = variable[len(prefix) :].lower().partition("__")
        close = difflib.get_close_matches(section, known, n=1, cutoff=0.6 if below else 0.8)
        if section not in known and (below or close):
            meant = f"; did you mean {prefix}{close[0].upper()}{below}...?" if close else ""
            raise SettingsError(f"{variable} in the environment is no setting: there is no {section}{meant}")


def settings_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yields the settings models that an annotation holds, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from settings_models(field.annotation)
    elif get_origin(annotation) in (Union, types.UnionType, dict, tuple, list) or get_args(annotation):
        for part in get_args(annotation):
            yield from settings_models(part)


def _described(model: BaseModel, indent: str) -> Iterator[str]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:  # {field.description or type(value).__doc__}"
            yield from _described(value, indent + "  ")
        elif dataclasses.is_dataclass(value):
            yield f"{indent}{name}:  # {field.description}"
            for part in dataclasses.fields(value):
                yield f"{indent}  {part.name}: {getattr(value, part.name)}  # {part.metadata['description']}"
        elif (
            isinstance(value, dict) and value and all(isinstance(item, BaseModel) for item in value.values())
        ):
            yield f"{indent}{name}:  # {field.description}"
            for key, item in value.items():
                yield f"{indent}  {key}:"
                yield from _described(item, indent + "    ")
        else:
            # As it was asked for: what is left to a share stays one when another setting changes.
            asked = value is None or isinstance(value, int | float)
            plain = value if asked else model.model_dump(mode="json", include={name})[name]
            text = yaml.safe_dump(plain, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
            yield f"{indent}{name}: {text}" + (f"  # {field.description}" if field.description else "")
