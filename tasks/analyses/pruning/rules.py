"""From the evidence on a code without its unused dimensions to whether its verdicts are those of the whole code.

Both are judged by the checks of one model, as controls are: a pruned code is not trained again with other seeds.
Computed from plain results as they stand in audit.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.checks.verdicts import verdicts_on_control
from latent_audit.tasks.analyses.places.rules.where import places_of_control

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """Where an attribute lives, the verdict on that, the claimed dimension, and the verdict on it."""

    rung: str
    place: str
    dimension: int
    claim: str


@dataclass(frozen=True)
class PrunedVerdict:
    """The words on one attribute from the whole code and from what is kept, and whether they are the same."""

    model: str
    seed: int
    attribute: str
    whole: Words
    kept: Words
    same: bool


def judge_pruned(
    models: Sequence[Plain], thresholds: Thresholds, unreadable: Mapping[str, Plain]
) -> list[PrunedVerdict]:
    """Returns a row for each attribute of each model that was pruned; the verdicts decide, not which dimension.

    unreadable: "reason" of each attribute that cannot be audited.
    """
    rows = []
    for model in models:
        pruned = model.get("pruned")
        if not pruned:
            continue
        whole = _words(model, thresholds, unreadable)
        kept = _words({**model, **pruned}, thresholds, unreadable)
        rows += [
            PrunedVerdict(
                model["name"],
                model["seed"],
                attribute,
                before,
                kept[attribute],
                (before.rung, before.place, before.claim)
                == (kept[attribute].rung, kept[attribute].place, kept[attribute].claim),
            )
            for attribute, before in whole.items()
        ]
    return rows


def _words(model: Plain, thresholds: Thresholds, unreadable: Mapping[str, Plain]) -> dict[str, Words]:
    """Returns the words of one code by attribute, by checks A to C."""
    places = {row.attribute: row for row in places_of_control(model, thresholds, unreadable)}
    return {
        row["attribute"]: Words(
            places[row["attribute"]].rung,
            places[row["attribute"]].verdict,
            row["dimension"],
            row["verdict"],
        )
        for row in verdicts_on_control(model, thresholds, unreadable)
    }
