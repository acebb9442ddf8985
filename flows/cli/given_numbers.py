"""Numbers on a command line that are not settings: ports, and days and seconds of a length that can be counted."""

import math
from argparse import ArgumentTypeError


def port(text: str) -> int:
    """Returns a port of TCP. Raises ArgumentTypeError for what is none."""
    try:
        found = int(text)
    except ValueError:
        found = 0
    if not 1 <= found <= 65535:
        raise ArgumentTypeError(f"expected a port, 1 to 65535, got {text[:40]!r}")
    return found


def length(text: str) -> float:
    """Returns a number of days or seconds. Raises ArgumentTypeError below zero, and for what is not finite."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise ArgumentTypeError(f"expected a number from 0 on, got {text[:40]!r}")
    return found
