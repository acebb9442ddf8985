"""What changed from one audit to another: data, thresholds, verdicts, effects and scores, with intervals.

Both audits are plain audit.json content. Lead seeds are compared, model by model and attribute by attribute.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Plain = Mapping[str, Any]
Direction = Literal["stronger", "weaker", "same"]
# As in the rule table of verdicts: weakest first.
STRENGTH = ("not_supported", "not_tested", "inconclusive", "partly_supported", "supported")
SUBJECT = ("title", "dataset", "intended_use", "out_of_scope", "owner", "lead_seed")


@dataclass(frozen=True)
class Fact:
    """Something that is stated of the whole run and differs; `name` is a dotted path in audit.json."""

    name: str
    first: str | float | None
    second: str | float | None


@dataclass(frozen=True)
class Difference:
    """Second less first; `low` and `high` bound it at 95 % where both estimates have an interval."""

    value: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class VerdictChange:
    """One claim in both audits; `effect` is None where either has none or their units differ."""

    model: str
    attribute: str
    first: str
    second: str
    direction: Direction
    first_reason: str
    second_reason: str
    first_effect: Plain | None
    second_effect: Plain | None
    effect_unit: str
    effect: Difference | None


@dataclass(frozen=True)
class ScoreChange:
    """One global score of one model in both audits."""

    model: str
    score: str
    first: Plain
    second: Plain
    difference: Difference


@dataclass(frozen=True)
class Changes:
    """Everything that was compared, whether it changed or not, in the order of the first audit."""

    facts: tuple[Fact, ...]
    only_first: tuple[tuple[str, str], ...]
    only_second: tuple[tuple[str, str], ...]
    verdicts: tuple[VerdictChange, ...]
    scores: tuple[ScoreChange, ...]


def changes(first: Plain, second: Plain) -> Changes:
    """Returns what changed from `first` to `second`; claims that only one of them has are (model, attribute)."""
    before, after = _claims(first), _claims(second)
    return Changes(
        facts=tuple(_facts(first, second)),
        only_first=tuple(claim for claim in before if claim not in after),
        only_second=tuple(claim for claim in after if claim not in before),
        verdicts=tuple(_verdict(before[claim], after[claim]) for claim in before if claim in after),
        scores=tuple(_scores(first, second)),
    )


def difference(first: Plain | None, second: Plain | None) -> Difference | None:
    """Returns second less first with its interval; None where either is unknown.

    The interval is recovered from those of the two, taken as independent (MOVER: Zou and Donner 2008,
    Statistics in Medicine 27, equation 6); estimates from the same images agree more, so it is on the wide side.
    """
    a, b = _known(first), _known(second)
    if a is None or b is None:
        return None
    value = b["value"] - a["value"]
    if any(bound is None for bound in (a["low"], a["high"], b["low"], b["high"])):
        return Difference(value, None, None)
    down = math.hypot(b["value"] - b["low"], a["high"] - a["value"])
    up = math.hypot(b["high"] - b["value"], a["value"] - a["low"])
    return Difference(value, value - down, value + up)


def _known(estimate: Plain | None) -> Plain | None:
    return None if not estimate or estimate.get("value") is None else estimate


def _leads(audit: Plain) -> list[Plain]:
    return [model for model in audit["models"] if model["is_lead"]]


def _claims(audit: Plain) -> dict[tuple[str, str], Plain]:
    leads = {(model["name"], model["seed"]) for model in _leads(audit)}
    rows = (row for row in audit["verdicts"] if (row["model"], row["seed"]) in leads)
    return {(row["model"], row["attribute"]): row for row in rows}


def _facts(first: Plain, second: Plain) -> list[Fact]:
    pairs = [(f"subject.{key}", first["subject"].get(key), second["subject"].get(key)) for key in SUBJECT]
    pairs += [
        ("data.digest", first["data"]["digest"], second["data"]["digest"]),
        ("data.images", first["data"]["images"], second["data"]["images"]),
        ("settings_digest", first["settings_digest"], second["settings_digest"]),
    ]
    limits = [first["thresholds"], second["thresholds"]]
    names = dict.fromkeys((*limits[0], *limits[1]))
    pairs += [(f"thresholds.{name}", limits[0].get(name), limits[1].get(name)) for name in names]
    return [Fact(name, a, b) for name, a, b in pairs if a != b]


def _verdict(first: Plain, second: Plain) -> VerdictChange:
    before, after = STRENGTH.index(first["verdict"]), STRENGTH.index(second["verdict"])
    direction: Direction = "same" if before == after else "stronger" if after > before else "weaker"
    comparable = first["effect_unit"] == second["effect_unit"]
    return VerdictChange(
        first["model"],
        first["attribute"],
        first["verdict"],
        second["verdict"],
        direction,
        first["reason"],
        second["reason"],
        first["effect"],
        second["effect"],
        second["effect_unit"] if comparable else "",
        difference(first["effect"], second["effect"]) if comparable else None,
    )


def _scores(first: Plain, second: Plain) -> list[ScoreChange]:
    after = {model["name"]: model for model in _leads(second)}
    found = []
    for model in _leads(first):
        if model["name"] not in after:
            continue
        others = after[model["name"]]
        pairs = {
            "reconstruction": (model["fitness"]["reconstruction"], others["fitness"]["reconstruction"]),
            **{name: (score, others["scores"].get(name)) for name, score in model["scores"].items()},
        }
        for name, (a, b) in pairs.items():
            between = difference(a, b)
            if between is not None:
                found.append(ScoreChange(model["name"], name, a, b, between))
    return found
