"""Metrics, curves and tags to log to one run."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple


class LogBatch(NamedTuple):
    """Single figures, curves {"name": {"step": [...], "value": [...]}} and tags."""

    metrics: Mapping[str, float] = MappingProxyType({})
    curves: Mapping[str, Mapping[str, list[float]]] = MappingProxyType({})
    tags: Mapping[str, str] = MappingProxyType({})

    def then(self, later: "LogBatch") -> "LogBatch":
        """Returns both batches merged; for equal names the other batch wins."""
        return LogBatch(
            {**self.metrics, **later.metrics}, {**self.curves, **later.curves}, {**self.tags, **later.tags}
        )

    def points(self) -> Iterator[tuple[str, float, int]]:
        """Yields name, value and step of each point; single figures have step 0."""
        for name, value in self.metrics.items():
            yield name, value, 0
        for name, curve in self.curves.items():
            for step, value in zip(curve["step"], curve["value"], strict=True):
                yield name, value, int(step)
