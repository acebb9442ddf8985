"""One row of the table of what the selftest must show."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row of the table: what must hold, what was measured, and whether it holds."""

    name: str
    must_show: str
    measured: Mapping[str, float]
    holds: bool
    seconds: float = 0.0
