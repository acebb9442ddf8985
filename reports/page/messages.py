"""The sentences of the report, by key: one file a language, in `messages/`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from latent_audit.reports.errors import LanguageUnknown
from latent_audit.vocabulary.reasons import Reason, is_reason

# Files beside this module that it reads; they count in content keys (tasks/storage/source_digest.py).
FILES_READ = ("messages/*.yaml",)

MESSAGES_FOLDER = Path(__file__).with_name("messages")
# Reasons within reasons, at most; audit.json may come from a stranger.
MAX_DEPTH = 8


@dataclass(frozen=True)
class Messages:
    """Sentences of one language by dotted key; `language` is the code that stands in <html lang>."""

    language: str
    sentences: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Returns the sentence of `key` with its named gaps filled; text, never markup.

        Raises:
            KeyError: the key is unknown, or the sentence has a gap that `values` does not fill.
        """
        return self.sentences[key].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """Returns the sentence of `key`, or `otherwise` for a word that the run brought itself."""
        return self.sentences.get(key, otherwise)

    def reason(self, given: Reason | Mapping[str, Any], depth: int = 0) -> str:
        """Returns the sentence of a reason; reasons among its values become sentences first.

        Raises:
            KeyError: its key is unknown, or a gap of its sentence has no value.
            ValueError: a value is neither text, nor a reason, nor a list of these, or reasons are nested too deeply.
        """
        if depth > MAX_DEPTH:
            raise ValueError(f"reasons are nested more than {MAX_DEPTH} deep")
        values = {name: self._value(value, depth) for name, value in given["values"].items()}
        return self(f"reason.{given['key']}", **values)

    def _value(self, value: Any, depth: int) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return self("word.comma").join(self._value(inner, depth + 1) for inner in value)
        if is_reason(value):
            return self.reason(value, depth + 1)
        raise ValueError(
            f"a reason holds a {type(value).__name__}, where text, a reason or a list was expected"
        )

    def gaps(self, key: str) -> frozenset[str]:
        """Returns the names of the gaps in the sentence of `key`."""
        return frozenset(re.findall(r"{(\w+)}", self.sentences[key]))


def languages() -> list[str]:
    """Returns the codes of the languages that have a file."""
    return sorted(path.stem for path in MESSAGES_FOLDER.glob("*.yaml"))


@cache
def load(language: str) -> Messages:
    """Returns the messages of `language`.

    Raises:
        LanguageUnknown: there is no such file.
    """
    if language not in languages():
        raise LanguageUnknown(f"No messages in language {language!r}; there are {', '.join(languages())}.")
    tree = yaml.safe_load((MESSAGES_FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return Messages(language, dict(_flattened(tree, "")))


def english(given: Reason | Mapping[str, Any]) -> str:
    """Returns the English sentence of a reason, as audit.json holds it."""
    return load("en").reason(given)


def _flattened(tree: dict[str, object], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            pairs += _flattened(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", str(value)))
    return pairs
