"""Batches: all rows, a bounded number at a time."""

from collections.abc import Iterator


def batches(count: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` rows that together cover `count` rows, in order."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
