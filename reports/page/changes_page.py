"""What changed from one audit to another, for people: a page that stands alone, and lines for a terminal."""

from collections import Counter
from typing import Any

from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.context import Cell, Table, estimate, text
from latent_audit.reports.page.number_text import interval, number
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.reports.page.visible_text import shortened
from latent_audit.reports.record.change_records import Changes, Difference
from latent_audit.reports.record.what_changed import record, sentences


def page(changes: Changes, first: str, second: str, language: str) -> str:
    """Returns a whole HTML document; `first` and `second` name the runs.

    Raises:
        LanguageUnknown: there are no messages in `language`.
    """
    words = messages.load(language)
    return (
        template_environment(words)
        .get_template("changes.html")
        .render(
            language=language,
            first=shortened(first, 80),
            second=shortened(second, 80),
            summary=summary(changes, words),
            said=_sentences(changes, words),
            tables=[table for table in _tables(changes, words) if table.rows],
            style=Markup((ROOM / "static" / "report.css").read_text(encoding="utf-8")),
        )
    )


def lines(changes: Changes, first: str, second: str, language: str) -> list[str]:
    """Returns what to print, a line each: the runs, a sentence, then every table with its cells in columns."""
    words = messages.load(language)
    message = [words("changes.from_to", first=shortened(first, 80), second=shortened(second, 80))]
    message += [summary(changes, words), "", words("changes.said")]
    message += [f"  {sentence}" for sentence in _sentences(changes, words)]
    for table in _tables(changes, words):
        if table.rows:
            message += ["", table.caption, *_columns(table, words)]
            message += [table.note] if table.note else []
    return message


def summary(changes: Changes, words: messages.Messages) -> str:
    """Returns one sentence: how many verdicts are the same, stronger and weaker."""
    counts = Counter(change.direction for change in changes.verdicts)
    return words(
        "changes.summary",
        claims=len(changes.verdicts),
        same=counts["same"],
        stronger=counts["stronger"],
        weaker=counts["weaker"],
    )


def _sentences(changes: Changes, words: messages.Messages) -> list[str]:
    return sentences(record(changes), words) or [words("changes.nothing")]


def _tables(changes: Changes, words: messages.Messages) -> tuple[Table, ...]:
    def table(key: str, header: tuple[str, ...], rows: Any, note: str = "") -> Table:
        return Table(words(f"changes.{key}"), tuple(words(name) for name in header), tuple(rows), note)

    sides = ("changes.first", "changes.second")
    verdicts = (
        (
            text(change.attribute),
            text(change.model),
            Cell("verdict", change.first),
            Cell("verdict", change.second),
            text(words(f"changes.{change.direction}")),
            Cell("prose", shortened(change.second_reason, 300)),
        )
        for change in changes.changed_verdicts
    )
    places = (
        (
            text(change.attribute),
            text(change.model),
            text(words(f"place.short.{change.first}")),
            Cell("verdict", change.first_verdict),
            text(words(f"place.short.{change.second}")),
            Cell("verdict", change.second_verdict),
        )
        for change in changes.changed_places
    )
    effects = (
        (
            text(change.attribute),
            text(change.model),
            text(words.known(f"unit_short.{change.effect_unit}", change.effect_unit)),
            estimate(change.first_effect),
            estimate(change.second_effect),
            _difference(change.effect),
            text(_reading(change.effect, words)),
        )
        for change in changes.verdicts
        if change.effect is not None
    )
    scores = (
        (
            text(words.known(f"score.{change.score}", change.score)),
            text(change.model),
            estimate(change.first),
            estimate(change.second),
            _difference(change.difference),
            text(_reading(change.difference, words)),
        )
        for change in changes.scores
    )
    claims = [(claim, "changes.only_first") for claim in changes.only_first]
    claims += [(claim, "changes.only_second") for claim in changes.only_second]
    facts = ((text(fact.name), _stated(fact.first), _stated(fact.second)) for fact in changes.facts)
    measured = (*sides, "column.difference", "column.reading")
    note = words("changes.interval_note")
    return (
        table(
            "verdicts",
            ("column.attribute", "column.model", *sides, "changes.direction", "changes.now"),
            verdicts,
        ),
        table(
            "places",
            (
                "column.attribute",
                "column.model",
                "changes.first",
                "column.verdict",
                "changes.second",
                "column.verdict",
            ),
            places,
        ),
        table("effects", ("column.attribute", "column.model", "column.unit", *measured), effects, note),
        table("scores", ("column.score", "column.model", *measured), scores, note),
        table(
            "claims",
            ("column.attribute", "column.model", "column.status", "column.verdict"),
            (
                (text(claim.attribute), text(claim.model), text(words(key)), Cell("verdict", claim.verdict))
                for claim, key in claims
            ),
        ),
        table("facts", ("changes.what", *sides), facts),
    )


def _difference(between: Difference | None) -> Cell:
    if between is None:
        return Cell("number", "–")
    shown = interval(between.low, between.high)
    return Cell("estimate", number(between.value), shown, f"{between.value:.9g}")


def _reading(between: Difference | None, words: messages.Messages) -> str:
    if between is None or between.low is None:
        return words("comparison.unknown")
    return words("comparison.apart" if between.is_clear else "comparison.same")


def _stated(value: str | float | None) -> Cell:
    if value is None or isinstance(value, str):
        return text(value)
    return Cell("number", number(value), sort=f"{value:.9g}")


def _columns(table: Table, words: messages.Messages) -> list[str]:
    rows = [table.header, *(tuple(_plain(cell, words) for cell in row) for row in table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _plain(cell: Cell, words: messages.Messages) -> str:
    if cell.kind == "verdict":
        return words(f"verdict.{cell.text}")
    return f"{cell.text} {cell.extra}".strip() if cell.kind == "estimate" else cell.text
