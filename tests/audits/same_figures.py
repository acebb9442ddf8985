"""Holds two audits of the same images against each other, figure by figure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Names below which numbers differ by design: what a run is called and took, and which rows its pictures are of.
NOT_FIGURES = {"settings", "subject", "selftest", "digest", "seconds", "anchors", "table", "image"}
# Random by design where there is no effect: a p-value is then uniform, and the null is a sample of its own.
RANDOM_UNDER_THE_NULL = {
    "p_adjusted",
    "p_value",
    "null_max",
    "null_random_directions",
    "null_untrained_decoder",
}


@dataclass(frozen=True)
class Differences:
    """In standard errors of the difference for figures with an interval, in shares for the others, by place."""

    in_errors: dict[str, float]
    in_shares: dict[str, float]

    @property
    def share_beyond_three(self) -> float:
        """The share of figures with an interval that differ by more than three standard errors."""
        return sum(found > 3 for found in self.in_errors.values()) / len(self.in_errors)


def verdict_words(audit: dict[str, Any]) -> list[tuple[str, ...]]:
    """Returns model, attribute, verdict and the word of each check, of models and controls."""
    every = [("", verdict) for verdict in audit["verdicts"]]
    every += [
        (control["control"], verdict) for control in audit["controls"] for verdict in control["verdicts"]
    ]
    return [
        (name, verdict["attribute"], verdict["verdict"], *(c["verdict"] for c in verdict["checks"].values()))
        for name, verdict in every
    ]


def compare_figures(one: dict[str, Any], other: dict[str, Any]) -> Differences:
    """Returns how far the figures of two audits are apart; figures that only one has are infinitely far."""
    first, second = dict(_figures(one, "")), dict(_figures(other, ""))
    in_errors, in_shares = {}, {}
    for place in sorted(first.keys() | second.keys()):
        if place not in first or place not in second:
            in_shares[place] = float("inf")
            continue
        (a, error), (b, other_error) = first[place], second[place]
        spread = (error**2 + other_error**2) ** 0.5
        if spread > 0:
            in_errors[place] = abs(a - b) / spread
        else:
            in_shares[place] = abs(a - b) / max(abs(a), abs(b), 1.0)
    return Differences(in_errors, in_shares)


def _figures(value: Any, place: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yields the place, value and standard error of each figure; the error is 0 where there is no interval."""
    if isinstance(value, dict):
        if {"value", "low", "high", "n"} <= value.keys() and value["value"] is not None:
            known = value["low"] is not None
            yield place, (value["value"], (value["high"] - value["low"]) / 3.92 if known else 0.0)
            return
        for name, item in value.items():
            if name not in NOT_FIGURES | RANDOM_UNDER_THE_NULL:
                yield from _figures(item, f"{place}/{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _figures(item, f"{place}/{index}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, (float(value), 0.0)
