"""The word on a person's guess that a dimension carries an attribute, by plain results as they stand in audit.json."""

from collections.abc import Mapping, Sequence
from typing import Any

from latent_audit.tasks.analyses.checks.check_rules import interval_against
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.verdicts import INCONCLUSIVE, NOT_SUPPORTED, NOT_TESTED, SUPPORTED

Plain = Mapping[str, Any]


def with_words(
    rows: Sequence[Plain], models: Sequence[Plain], thresholds: Thresholds
) -> list[dict[str, Any]]:
    """Returns the rows of `named_dimensions` with a `word` each: whether the guess holds on images nobody was shown.

    Supported: more than chance over the family of all cells and guesses, and U at or above uncertainty_min.
    Inconclusive: the interval crosses it. No word where nothing is guessed; else not tested.
    """
    tested = {
        (model["name"], model["seed"], row["dimension"], row["attribute"]): row
        for model in models
        for row in model.get("guesses") or ()
    }
    found = []
    for row in rows:
        place = (row["model"], row["seed"], row["dimension"], row["attribute"])
        word = {} if row["attribute"] is None else {"word": _word(tested.get(place), thresholds)}
        found.append({**{key: value for key, value in row.items() if key != "word"}, **word})
    return found


def _word(guess: Plain | None, thresholds: Thresholds) -> str:
    if guess is None:
        return NOT_TESTED
    where = interval_against(guess["uncertainty"], thresholds.uncertainty_min)
    if guess["p_adjusted"] > thresholds.significance or where == "below":
        return NOT_SUPPORTED
    return SUPPORTED if where == "above" else INCONCLUSIVE
