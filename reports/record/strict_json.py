"""JSON from a stranger: one meaning for each file, in bounded size and depth, or a sentence that says why not.

Python's own reader takes the last of two equal keys, makes infinity of 1e999, and other readers do otherwise: two
programs would see two audits in one file.
"""

import json
import math
from typing import Any

from latent_audit.reports.errors import NotPlainJson

DEEPEST = 100
# Of whole numbers: with more, arithmetic with fractions overflows.
MAX_DIGITS = 20


def parse(data: bytes) -> Any:
    """Returns the value that a JSON document in UTF-8 holds.

    Raises:
        NotPlainJson: it is no JSON, an object has a key twice, a number is not finite, a text holds half a
            character, or values nest more than 100 deep.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_countable,
        )
        if b"\\u" in data:  # only an escape can stand for half a character
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise NotPlainJson(f"its values nest more than {DEEPEST} deep") from None
    except UnicodeDecodeError as error:
        raise NotPlainJson(f"it is not UTF-8 (byte {error.start})") from None
    except UnicodeEncodeError:
        raise NotPlainJson("a text in it holds half a character (a lone surrogate)") from None
    except ValueError as error:
        raise NotPlainJson(str(error)) from None
    _refuse_depth(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object in it has the key {json.dumps(twice)} more than once")
    return made


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}, where an unknown number must be null")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:30]} is too large")
    return number


def _countable(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"the number {digits[:30]} is too large")
    return int(digits)


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (
                outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
            )
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise NotPlainJson(f"its values nest more than {DEEPEST} deep")
