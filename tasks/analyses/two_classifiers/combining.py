"""One verdict of two: the weaker, each classifier's own beside it, and whether the two differ beyond doubt.

Computed from plain results as they stand in audit.json, so that anyone who has the file can compute it again. Both
classifiers learnt from the same images: that they agree is no proof.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from latent_audit.tasks.analyses.checks.check_rules import in_words
from latent_audit.tasks.analyses.places.evidence import NONE, READ, RUNGS
from latent_audit.vocabulary.reasons import reason
from latent_audit.vocabulary.verdicts import STRENGTH

Plain = Mapping[str, Any]
Row = dict[str, Any]
# Where the second classifier's record stands in audit.json, and its evidence in a model's section.
SECOND, EVIDENCE = "second_classifier", "by_second_classifier"
# From the weakest place to the strongest.
_RANK = {rung: place for place, rung in enumerate((NONE, READ, *reversed(RUNGS)))}
# The single dimensions that `verdicts` are on.
CLAIM = "claim"


def seen_by_second(models: Sequence[Plain]) -> list[Row]:
    """Returns the models with the second classifier's evidence in the place of the first's."""
    return [
        {**model, **{name: model[EVIDENCE][name] for name in ("intervention", "places")}} for model in models
    ]


def with_words(stability: Sequence[Plain], words: Callable[[str], Mapping[str, Sequence[str]]]) -> list[Row]:
    """Returns the sections of check D with the verdicts by seed of the second classifier, by model and attribute."""
    return [
        {
            **section,
            "attributes": [
                {**row, "verdicts": list(words(section["model"])[row["attribute"]])}
                for row in section["attributes"]
            ],
        }
        for section in stability
    ]


def weaker_verdicts(audit: Plain, first: Sequence[Row], second: Sequence[Row]) -> list[Row]:
    """Returns the rows of `verdicts`, each the weaker of two on the same claim."""
    return _combined(audit, first, second, lambda row: STRENGTH[row["verdict"]], lambda _: CLAIM)


def weaker_places(audit: Plain, first: Sequence[Row], second: Sequence[Row]) -> list[Row]:
    """Returns the rows of `where`: the weaker verdict, at equal verdicts the weaker place."""
    return _combined(
        audit,
        first,
        second,
        lambda row: (STRENGTH[row["verdict"]], _RANK[row["rung"]]),
        lambda row: row["rung"],
    )


def _combined(
    audit: Plain,
    first: Sequence[Row],
    second: Sequence[Row],
    strength: Callable[[Row], Any],
    part: Callable[[Row], str],
) -> list[Row]:
    evidence = {
        (model["name"], model["seed"], row["attribute"], row["part"]): row["difference"]
        for model in audit["models"]
        for row in model[EVIDENCE]["differences"]
    }
    names = audit[SECOND]["names"]
    rows = []
    for pair in zip(first, second, strict=True):
        weaker, stronger = sorted(pair, key=strength)
        claim = (weaker["model"], weaker["seed"], weaker["attribute"])
        difference = evidence.get((*claim, part(stronger)))
        excludes = difference is not None and (difference["low"] > 0.0 or difference["high"] < 0.0)
        differ = excludes and strength(weaker) != strength(stronger)
        own = [_own(name, row) for name, row in zip(names, pair, strict=True)]
        row: Row = {**weaker, "by_classifier": own, "differ": differ, "difference": difference}
        if differ:
            row["reason"] = reason(
                "classifiers_differ",
                first=names[0],
                first_why=pair[0]["reason"],
                second=names[1],
                second_why=pair[1]["reason"],
                difference=in_words(difference),
            )
        rows.append(row)
    return rows


def _own(name: str, row: Row) -> Row:
    """Returns what one classifier says, in few fields."""
    kept: Row = {key: row[key] for key in ("rung", "verdict", "reason") if key in row}
    return {"classifier": name, **kept}
