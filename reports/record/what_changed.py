"""What a reader of an earlier run should be told of a later one: a short record, and a sentence for each change.

`run`, `accept`, `compare` and the report say it from here, so that they cannot disagree.
"""

from collections.abc import Mapping
from typing import Any

from latent_audit.reports.page.messages import Messages
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.visible_text import shortened
from latent_audit.reports.record.change_records import Changes

Plain = Mapping[str, Any]


def record(found: Changes) -> dict[str, Any]:
    """Returns what changed, JSON-ready: verdicts, places, scores and codes of lead models, and the data.

    A verdict's `before` or `now` is None where the claim was not made. A score has its `difference`, with the ends
    `low` and `high` of its interval.
    """
    verdicts: list[tuple[str, str, str | None, str | None]] = [
        (c.model, c.attribute, c.first, c.second) for c in found.changed_verdicts
    ]
    verdicts += [(claim.model, claim.attribute, claim.verdict, None) for claim in found.only_first]
    verdicts += [(claim.model, claim.attribute, None, claim.verdict) for claim in found.only_second]
    return {
        "changed": found.any,
        "same_data": found.same_data,
        "verdicts": [
            {"model": model, "attribute": attribute, "before": before, "now": now}
            for model, attribute, before, now in verdicts
        ],
        "places": [
            {
                "model": change.model,
                "attribute": change.attribute,
                "before": change.first,
                "before_verdict": change.first_verdict,
                "now": change.second,
                "now_verdict": change.second_verdict,
            }
            for change in found.changed_places
        ],
        "absence": [
            {
                "model": change.model,
                "attribute": change.attribute,
                "given": list(change.given),
                "before": change.first,
                "now": change.second,
            }
            for change in found.changed_absence
        ],
        "scores": [
            {
                "model": change.model,
                "score": change.score,
                "before": change.first["value"],
                "now": change.second["value"],
                "difference": change.difference.value,
                "low": change.difference.low,
                "high": change.difference.high,
            }
            for change in found.changed_scores
        ],
        "data": [
            {"attribute": change.attribute, "what": change.what, "shift": change.shift}
            for change in found.data
        ],
        "codes": [
            {"model": change.model, "dimension": change.dimension, "shift": change.shift}
            for change in found.codes
        ],
    }


def sentences(changed: Plain, words: Messages) -> list[str]:
    """Returns a sentence for each change in a `record`; [] where nothing changed."""
    return [
        *(_verdict(change, words) for change in changed["verdicts"]),
        *(_place(change, words) for change in changed.get("places", ())),
        *(_absence(change, words) for change in changed.get("absence", ())),
        *(_score(change, words) for change in changed["scores"]),
        *(_data(change, words) for change in changed["data"]),
        *(_codes(change, words) for change in changed.get("codes", ())),
    ]


def _verdict(change: Plain, words: Messages) -> str:
    before, now = change["before"], change["now"]
    key = "said_only_first" if now is None else "said_only_second" if before is None else "said_verdict"
    return words(
        f"changes.{key}",
        model=shortened(change["model"]),
        attribute=shortened(change["attribute"]),
        before="" if before is None else words(f"verdict.{before}"),
        now="" if now is None else words(f"verdict.{now}"),
    )


def _place(change: Plain, words: Messages) -> str:
    """A run that an older version finished has no places in its record."""
    before, now = (
        words(
            "changes.place_and_verdict",
            place=words(f"place.short.{change[side]}"),
            verdict=words(f"verdict.{change[f'{side}_verdict']}"),
        )
        for side in ("before", "now")
    )
    return words(
        "changes.said_place",
        model=shortened(change["model"]),
        attribute=shortened(change["attribute"]),
        before=before,
        now=now,
    )


def _absence(change: Plain, words: Messages) -> str:
    name = shortened(change["attribute"])
    if change["given"]:
        listed = words("word.comma").join(shortened(given) for given in change["given"])
        name = words("absence.given", attribute=name, given=listed)
    before, now = (words(f"absence.word.{change[side]}") for side in ("before", "now"))
    return words(
        "changes.said_absence", model=shortened(change["model"]), attribute=name, before=before, now=now
    )


def _score(change: Plain, words: Messages) -> str:
    named = shortened(words.known(f"score.{change['score']}", change["score"]))
    figures = {name: number(change[name]) for name in ("before", "now", "difference", "low", "high")}
    return words("changes.said_score", model=shortened(change["model"]), score=named, **figures)


def _data(change: Plain, words: Messages) -> str:
    what = words(f"changes.data_what.{change['what']}", shift=number(change["shift"]))
    if change["attribute"] is None:
        return words("changes.said_images", what=what)
    return words("changes.said_data", attribute=shortened(change["attribute"]), what=what)


def _codes(change: Plain, words: Messages) -> str:
    return words(
        "changes.said_codes",
        model=shortened(change["model"]),
        dimension=shortened(change["dimension"]),
        shift=number(change["shift"]),
    )
