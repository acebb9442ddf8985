"""Results as JSON-ready values: what audit.json holds, and what verdicts are computed from."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

SIGNIFICANT_DIGITS = 6


def to_json(result: Any) -> Any:
    """Returns `result` as dicts, lists, strings, numbers and None.

    Dataclasses become dicts by field name; fields marked `metadata={"plain": False}` (raw arrays kept for
    later stages) are left out. Floats are rounded to six significant digits; NaN and infinity become None.
    """
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {
            field.name: to_json(getattr(result, field.name))
            for field in dataclasses.fields(result)
            if field.metadata.get("plain", True)
        }
    if isinstance(result, Mapping):
        return {str(key): to_json(value) for key, value in result.items()}
    if isinstance(result, np.ndarray):
        return to_json(result.tolist())
    if isinstance(result, (list, tuple)):
        return [to_json(value) for value in result]
    if isinstance(result, (bool, np.bool_)):
        return bool(result)
    if isinstance(result, (int, np.integer)):
        return int(result)
    if isinstance(result, (float, np.floating)):
        return rounded(float(result))
    if result is None or isinstance(result, str):
        return result
    raise TypeError(f"cannot write a {type(result).__name__} into JSON; convert it to numbers or text first")


def rounded(number: float) -> float | None:
    """Returns the number with six significant digits, or None where it is not finite."""
    if not math.isfinite(number):
        return None
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}")
