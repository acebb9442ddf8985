"""What changed between two audits of one name: verdicts, scores, and the data themselves.

Shares are compared by total variation distance, numbers by how far their quantiles moved in standard deviations of
the earlier audit: sizes of a change, not tests of whether there is one, since with many images everything differs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.analyses.lead_verdicts import lead_verdicts

Audit = Mapping[str, Any]
# A tenth of a standard deviation, and one image in twenty in another class: half of what is usually called small
# (Cohen, 1988: d = 0.2), so that drift is seen before it matters.
QUANTILE_SHIFT_MAX = 0.1
SHARE_SHIFT_MAX = 0.05


@dataclass(frozen=True)
class VerdictChange:
    """A lead model's verdict on an attribute, in the earlier and in the later audit; None where it was not asked."""

    model: str
    attribute: str
    before: str | None
    now: str | None


@dataclass(frozen=True)
class ScoreChange:
    """A score that left the earlier audit's 95 % interval, `low` to `high`."""

    model: str
    seed: int
    score: str
    before: float
    low: float
    high: float
    now: float


@dataclass(frozen=True)
class DataChange:
    """How the data changed: an attribute's distribution, or what there is of attributes and images at all.

    `shift` is a total variation distance (0 to 1) or a number of standard deviations, None where `what` has no size.
    """

    attribute: str | None
    what: str
    shift: float | None


@dataclass(frozen=True)
class Drift:
    """Everything that changed. `same_data` is whether the data's digests are equal."""

    same_data: bool
    verdicts: tuple[VerdictChange, ...]
    scores: tuple[ScoreChange, ...]
    data: tuple[DataChange, ...]

    @property
    def any(self) -> bool:
        """Whether there is anything that a reader of the earlier audit should be told."""
        return bool(self.verdicts or self.scores or self.data)


def compute(before: Audit, now: Audit) -> Drift:
    """Returns what changed from one audit.json to a later one."""
    same_data = before["data"]["digest"] == now["data"]["digest"]
    return Drift(
        same_data,
        tuple(_verdicts(before, now)),
        tuple(_scores(before, now)),
        () if same_data else tuple(_data(before["data"], now["data"])),
    )


def _verdicts(before: Audit, now: Audit) -> Iterator[VerdictChange]:
    earlier, later = _by_claim(before), _by_claim(now)
    for model, attribute in dict.fromkeys([*earlier, *later]):
        first, second = earlier.get((model, attribute)), later.get((model, attribute))
        if first != second:
            yield VerdictChange(model, attribute, first, second)


def _by_claim(audit: Audit) -> dict[tuple[str, str], str]:
    return {(verdict["model"], verdict["attribute"]): verdict["verdict"] for verdict in lead_verdicts(audit)}


def _scores(before: Audit, now: Audit) -> Iterator[ScoreChange]:
    later = {(model["name"], model["seed"]): _estimates(model) for model in now["models"]}
    for model in before["models"]:
        found = later.get((model["name"], model["seed"]), {})
        for score, estimate in _estimates(model).items():
            value = found.get(score, {}).get("value")
            low, high = estimate.get("low"), estimate.get("high")
            if value is not None and low is not None and high is not None and not low <= value <= high:
                yield ScoreChange(model["name"], model["seed"], score, estimate["value"], low, high, value)


def _estimates(model: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    named = {**model["scores"], "reconstruction": model["fitness"].get("reconstruction")}
    return {name: score for name, score in named.items() if isinstance(score, Mapping) and "value" in score}


def _data(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[DataChange]:
    if before["images"] != now["images"]:
        yield DataChange(None, f"{before['images']} images before, {now['images']} now", None)
    earlier = {attribute["name"]: attribute for attribute in before["attributes"]}
    later = {attribute["name"]: attribute for attribute in now["attributes"]}
    for name in dict.fromkeys([*earlier, *later]):
        if name not in later or name not in earlier:
            yield DataChange(name, "is new" if name in later else "is gone", None)
        elif any(earlier[name][field] != later[name][field] for field in ("kind", "classes", "unit")):
            yield DataChange(name, "has another kind, other classes or another unit", None)
        else:
            change = _shift(name, earlier[name]["summary"], later[name]["summary"])
            if change is not None:
                yield change


def _shift(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> DataChange | None:
    if "counts" in before and "counts" in now:
        totals = max(sum(before["counts"]), 1), max(sum(now["counts"]), 1)
        pairs = zip(before["counts"], now["counts"], strict=True)
        shift = 0.5 * sum(abs(first / totals[0] - second / totals[1]) for first, second in pairs)
        return DataChange(name, "shares of its classes", shift) if shift > SHARE_SHIFT_MAX else None
    moved = max(
        abs(first - second) for first, second in zip(before["quantiles"], now["quantiles"], strict=True)
    )
    if moved == 0:
        return None
    shift = moved / before["std"] if before["std"] else float("inf")
    return DataChange(name, "its quantiles", shift) if shift > QUANTILE_SHIFT_MAX else None
