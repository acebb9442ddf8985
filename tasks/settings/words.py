"""Parses command-line words, settings file and environment, before they are validated."""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource
from pydantic_settings import SettingsError as UnreadableSource

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.settings_yaml import load_yaml
from latent_audit.tasks.settings.shipped import settings_file

LARGEST_FILE = 1 << 20  # characters
_SHOWN = 80
# Settings whose keys are names of models, attributes, arguments and tensors.
_NAMES_BELOW = ("models", "types", "arguments", "files", "names")

Made = TypeVar("Made", bound=BaseSettings)


def split_words(words: Sequence[str]) -> tuple[Path | None, Sequence[str]]:
    """Returns the settings file and the overrides; a first word that is no --section.key names the file.

    argparse would treat the first VALUE of an unknown --section.key as the file.
    """
    if words and not words[0].startswith("-"):
        return Path(words[0]), words[1:]
    return None, words


def parse_overrides(words: Sequence[str]) -> dict[str, Any]:
    """Returns {"data": {"image_size": 64}} for ["--data.image_size", "64"] or ["--data.image_size=64"]."""
    values: dict[str, Any] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--") or word == "--":
            raise SettingsError(f"expected a setting such as --data.image_size 64, got {word!r}")
        name, equals, text = word[2:].partition("=")
        if not equals:
            if not waiting:
                raise SettingsError(f"--{name} needs a value, as in --{name} VALUE")
            text = waiting.pop(0)
        _put(values, _path(name), _yaml_value(name, text))
    return values


def _path(name: str) -> list[str]:
    """Returns the keys in the name of a setting: hyphens are underscores, except in names that users give."""
    path: list[str] = []
    for part in name.split("."):
        is_theirs = path[-1:] and (path[-1] in _NAMES_BELOW or path[0] == "require")
        path.append(part if is_theirs else part.replace("-", "_"))
    return path


def read_yaml(path: Path) -> dict[str, Any]:
    """Returns the values of a settings file; raises SettingsError if it cannot be read."""
    try:
        path = settings_file(path)
        text = _text_of(path) if path.is_file() else _text_of_pipe(path)
        if len(text) > LARGEST_FILE:
            raise SettingsError(f"{path} cannot be settings: it has more than {LARGEST_FILE:,} characters")
        values = load_yaml(text, str(path))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not YAML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path} cannot be settings: its values nest too deep") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError(f"{path} must hold `section: ...` lines, got a {type(values).__name__}")
    for key in values:
        if not isinstance(key, str):
            raise SettingsError(
                f"{path} must hold `section: ...` lines, and {key!r} is the name of no section"
            )
    return values


def _text_of(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read(LARGEST_FILE + 1)


# The folders are read before all other settings, and a pipe, such as <(envsubst < audit.yaml), gives its text once.
_text_of_pipe = cache(_text_of)


def layered(settings: type[Made], file_layer: Mapping[str, Any], without: Collection[str] = ()) -> type[Made]:
    """Returns the same settings, read from arguments over the environment, less the sections `without`, over
    `file_layer`.
    """

    class FromSources(settings):  # type: ignore[misc,valid-type]  # a class that is an argument
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            lowest = InitSettingsSource(settings_cls, dict(file_layer))
            values = _environment_values(env_settings)
            if not without:
                return init_settings, env_settings, lowest
            kept = {name: value for name, value in values.items() if name not in without}
            return init_settings, InitSettingsSource(settings_cls, kept), lowest

    return FromSources


def _environment_values(environment: PydanticBaseSettingsSource) -> dict[str, Any]:
    """Returns the settings that the environment gives; raises SettingsError with a sentence."""
    if isinstance(environment, EnvSettingsSource):
        environment.decode_complex_value = _decoded  # type: ignore[method-assign]  # else the last of two keys counts
    try:
        values = environment()
    except UnreadableSource as error:
        field = re.search(r'field "(\w+)"', str(error))
        of = f" of {field[1]}" if field else ""
        raise SettingsError(
            f"a LATENT_AUDIT_ variable{of} is not JSON, as the value of several settings must be"
        ) from None
    except RecursionError:
        raise SettingsError(
            "a LATENT_AUDIT_ variable cannot be a setting: its values nest too deep"
        ) from None
    for text in _texts(values):
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            shown = text.encode("ascii", "backslashreplace").decode("ascii")[:_SHOWN]
            raise SettingsError(
                f"a LATENT_AUDIT_ variable holds {shown}, which is no text: half of a character, or bytes that are "
                "not UTF-8"
            )
    return values


def _decoded(field_name: str, field: object, value: str) -> Any:
    """Returns the value of a variable that is JSON; raises ValueError if it is none."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = sorted({key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1})
        if twice:
            raise SettingsError(f"a LATENT_AUDIT_ variable of {field_name}: given twice: {', '.join(twice)}")
        return dict(pairs)

    return json.loads(value, object_pairs_hook=once)


def _texts(value: Any) -> Iterator[str]:
    """Yields all texts of a value, keys included."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            waiting += part


def _yaml_value(name: str, text: str) -> Any:
    try:
        return load_yaml(text, f"--{name}")
    except yaml.YAMLError:
        shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
        raise SettingsError(f"--{name}: {shown} is not a YAML value; quote text with special signs") from None
    except RecursionError:
        raise SettingsError(f"--{name} cannot be a setting: its values nest too deep") from None


def word_of(text: str) -> str:
    """Returns the word of a command line that is read as this very text, as '007' for 007."""
    shown: str = yaml.safe_dump(text, default_flow_style=True, allow_unicode=True, width=math.inf)
    return shown.removesuffix("...\n").strip()


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"--{'.'.join(path)} goes into {part}, which was given a value as a whole")
        values = inner
    values[path[-1]] = value
