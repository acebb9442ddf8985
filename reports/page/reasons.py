"""Sentences of the reasons in audit.json: English ones are written, others replace them when a page is rendered."""

from collections.abc import Mapping
from typing import Any

from latent_audit.reports.page.messages import Messages, english
from latent_audit.vocabulary.reasons import BESIDE, VERBATIM, is_reason, verbatim

# What users chose: it may look like a reason and is none.
NOT_READ = frozenset({"recipe", "settings"})


def with_sentences(value: Any) -> Any:
    """Returns JSON values with the English sentence in the place of each reason.

    The reason itself stands beside it, in the field `NAME_message`; of a list of reasons, in `NAME_message` as a list.
    """
    if isinstance(value, list):
        return [with_sentences(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if name in NOT_READ:
            found[name] = inner
        elif is_reason(inner):
            found[name] = english(inner)
            if inner["key"] != VERBATIM:
                found[f"{name}{BESIDE}"] = inner
        elif isinstance(inner, list) and any(is_reason(item) for item in inner):
            reasons = [item if is_reason(item) else verbatim(str(item)) for item in inner]
            found |= {name: [english(item) for item in reasons], f"{name}{BESIDE}": reasons}
        else:
            found[name] = with_sentences(inner)
    return found


def with_text(value: Any) -> Any:
    """Returns JSON values in which each reason holds its English sentence as `text`, as the rows of `where` do."""
    if isinstance(value, list):
        return [with_text(inner) for inner in value]
    if is_reason(value):
        return {**value, "text": english(value)}
    return {name: with_text(inner) for name, inner in value.items()} if isinstance(value, Mapping) else value


def in_language(value: Any, words: Messages) -> Any:
    """Returns the content of an audit.json with its reasons in the language of `words`.

    What has no key, such as the reasons in files of schema 1.0, or a key that this version does not know, stays.
    """
    if words.language == "en":
        return value
    if isinstance(value, list):
        return [in_language(inner, words) for inner in value]
    if not isinstance(value, Mapping):
        return value
    if value.keys() == {"key", "values", "text"}:
        return {**value, "text": _sentence(value, value["text"], words)}
    found = {name: inner if name in NOT_READ else in_language(inner, words) for name, inner in value.items()}
    for name in [name for name in value if f"{name}{BESIDE}" in value and name not in NOT_READ]:
        beside = value[f"{name}{BESIDE}"]
        if isinstance(value[name], str):
            found[name] = _sentence(beside, value[name], words)
        elif isinstance(value[name], list) and isinstance(beside, list) and len(beside) == len(value[name]):
            found[name] = [_sentence(one, text, words) for one, text in zip(beside, value[name], strict=True)]
    return found


def _sentence(given: Any, text: Any, words: Messages) -> Any:
    try:
        return words.reason({"key": given["key"], "values": given["values"]})
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return text
