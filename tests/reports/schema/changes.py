"""What drawn tests do to one place of an audit."""

from typing import Any

CHANGES = ("remove", "replace", "add")


def apply_change(part: Any, place: Any, change: str, value: Any) -> None:
    """Removes what is at `place` of a dict or list, puts `value` there, or adds `value` beside it."""
    if change == "remove":
        del part[place]
    elif change == "replace":
        part[place] = value
    elif isinstance(part, dict):
        part["added"] = value
    else:
        part.append(value)
