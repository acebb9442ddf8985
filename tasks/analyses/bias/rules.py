"""From what was read of an erased attribute to the word on the remedy, by plain results as they stand in audit.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from latent_audit.tasks.analyses.absence.rules import HELD, SHOWN_ABSENT, judge_absence
from latent_audit.tasks.analyses.checks.check_rules import in_words
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.reasons import Reason, reason

Plain = Mapping[str, Any]
ErasureWord = Literal["shown_absent", "no_longer_linear", "still_read", "undecided"]


@dataclass(frozen=True)
class Erasure:
    """The word on a protected attribute that was erased from one trained model's code: a row of `erased`."""

    model: str
    seed: int
    attribute: str
    word: ErasureWord
    reason: Reason


def judge_erasures(models: Sequence[Plain], thresholds: Thresholds) -> list[Erasure]:
    """Returns a row for each model and protected attribute that was erased from its code.

    Shown absent by the rule of claims of absence. Else, where readers tell of it beyond doubt: no longer linear if the
    interval of a linear probe reaches chance, still read if it lies above. Else undecided.
    """
    return [
        _judge(model, row["protected"], row["remedy"]["after"], thresholds)
        for model in models
        for row in model.get("bias") or ()
        if "after" in row["remedy"]
    ]


def _judge(model: Plain, protected: str, after: Plain, thresholds: Thresholds) -> Erasure:
    found, linear = after["absence"], after["linear"]
    (absent,) = judge_absence([{**model, "absence": [found]}], thresholds)
    if absent.word == SHOWN_ABSENT:
        word: ErasureWord = "shown_absent"
    elif absent.word == HELD or absent.exceeds:
        word = "still_read" if linear["low"] > after["chance"] else "no_longer_linear"
    else:
        word = "undecided"
    why = reason(
        f"erasure.{word}",
        attribute=protected,
        value=in_words(found["uncertainty"]),
        linear=in_words(linear),
        chance=f"{after['chance']:.2f}",
        reader=reason(f"reader_of_code.{found['reader']}"),
        why=absent.reason,
    )
    return Erasure(model["name"], model["seed"], protected, word, why)
