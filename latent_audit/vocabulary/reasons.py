"""Reasons: why a verdict, a gate or a missing value is as it is, as a key with values.

Analyses return keys and values. The sentences are in `reports/page/messages/`, in English and Chinese, under
`reason.KEY`. audit.json holds the English sentence and, beside it, key and values.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from typing_extensions import TypedDict


class Reason(TypedDict):
    """A sentence by its key; `values` fill its gaps: text, other reasons, or lists of these."""

    key: str
    values: dict[str, "Value"]


Value: TypeAlias = str | Reason | list[str | Reason]

# A sentence that was written elsewhere, such as a note of a data set: it is shown as it is.
VERBATIM: Final = "verbatim"
# Where a field of audit.json holds the English sentence, a field of this ending holds its key and values.
BESIDE: Final = "_message"


def reason(key: str, **values: Value) -> Reason:
    """Returns the reason `key` with its values; numbers are given as text, already rounded."""
    return Reason(key=key, values=dict(values))


def verbatim(text: str) -> Reason:
    """Returns a sentence without a key of its own."""
    return reason(VERBATIM, text=text)


# Where there is nothing to explain.
NO_REASON: Final = verbatim("")


def is_reason(value: Any) -> bool:
    """Returns whether a JSON value is a key with values and nothing else."""
    return (
        isinstance(value, Mapping)
        and value.keys() == {"key", "values"}
        and isinstance(value["key"], str)
        and isinstance(value["values"], Mapping)
    )


def reason_in(row: Mapping[str, Any], field: str = "reason") -> Reason:
    """Returns the reason in a field of a stage's result or of audit.json.

    In audit.json the key and values stand beside the sentence; files of schema 1.0 have the sentence alone.
    """
    beside, value = row.get(f"{field}{BESIDE}"), row[field]
    for found in (beside, value):
        if is_reason(found):
            return cast(Reason, found)
    return verbatim("" if value is None else str(value))
