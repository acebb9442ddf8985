"""From what was measured of claims of absence to the words on them, by plain results as they stand in audit.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from latent_audit.tasks.analyses.checks.check_rules import few_groups, in_words, interval_against
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.reasons import Reason, Value, reason

Plain = Mapping[str, Any]
SHOWN_ABSENT: Final = "shown_absent"
HELD: Final = "held"
NOT_SHOWN: Final = "not_shown"
AbsenceWord = Literal["shown_absent", "held", "not_shown"]


@dataclass(frozen=True)
class Absence:
    """The word on one claim of absence in one trained model: a row of `absent`.

    exceeds: whether the readers tell more than the limit of absence beyond doubt, though it may be too little for
    `held`.
    """

    model: str
    seed: int
    attribute: str
    given: tuple[str, ...]
    word: AbsenceWord
    exceeds: bool
    reason: Reason
    uncertainty: Plain


def judge_absence(models: Sequence[Plain], thresholds: Thresholds) -> list[Absence]:
    """Returns a row for each model, seed and claim of absence, in the order of `models`."""
    return [_judge(model, found, thresholds) for model in models for found in model.get("absence") or ()]


def _judge(model: Plain, found: Plain, thresholds: Thresholds) -> Absence:
    groups = few_groups((model.get("association") or {}).get("groups"), thresholds)
    word, exceeds, why = _word(found, thresholds) if groups is None else (NOT_SHOWN, False, groups)
    return Absence(
        model["name"],
        model["seed"],
        found["attribute"],
        tuple(found["given"]),
        word,
        exceeds,
        why,
        found["uncertainty"],
    )


def _word(found: Plain, thresholds: Thresholds) -> tuple[AbsenceWord, bool, Reason]:
    value, limit = found["uncertainty"], thresholds.absent_max
    values: dict[str, Value] = {
        "attribute": found["attribute"],
        "beyond": reason("absence_beyond", others=list(found["given"])) if found["given"] else "",
        "n": str(found["fit_images"]),
        "value": in_words(value),
        "limit": f"{limit:g}",
    }
    if value["value"] is None:
        return NOT_SHOWN, False, reason("absence_undefined", **values)
    if value["high"] <= limit:
        missed = [row["uncertainty"] for row in found["planted"] if min(row["highs"]) <= limit]
        if missed:
            return NOT_SHOWN, False, reason("absence_too_few", **values, missed=f"{max(missed):.2g}")
        return SHOWN_ABSENT, False, reason("absence_shown", **values, most=f"{value['high']:.2g}")
    beyond_chance = found["p_adjusted"] <= thresholds.significance
    exceeds = bool(beyond_chance and value["low"] > limit)
    if beyond_chance and interval_against(value, thresholds.uncertainty_min) == "above":
        return HELD, exceeds, reason("absence_held", **values, p=f"{found['p_adjusted']:.2g}")
    if exceeds:
        values["least"] = f"{thresholds.uncertainty_min:g}"
        return NOT_SHOWN, True, reason("absence_exceeded", **values)
    return NOT_SHOWN, False, reason("absence_crosses", **values)
