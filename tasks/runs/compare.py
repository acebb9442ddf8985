"""Compares two finished runs."""

import json
from dataclasses import asdict
from pathlib import Path

from latent_audit.reports.errors import LanguageUnknown, ReportError
from latent_audit.reports.page import changes_page
from latent_audit.reports.page.messages import load
from latent_audit.reports.page.reasons import in_language
from latent_audit.reports.record.audit_json import read_audit, settled
from latent_audit.reports.record.change_records import Changes
from latent_audit.reports.record.changes import changes
from latent_audit.reports.record.what_changed import record
from latent_audit.tasks.errors import RunUnusable, UsageError
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.record.audit import Audit


def compare_runs(first: Path, second: Path, language: str = "en") -> Changes:
    """Returns the changes from the run in folder `first` to the one in `second`, reasons in a language.

    Args:
        first: the earlier run.
        second: the later run.
        language: "en" or "zh".

    Returns:
        All comparisons, changed or not; differences of effects and scores with 95 % intervals, in the record's unit.

    Raises:
        RunUnusable: one of them holds no audit that can be read.
        UsageError: there are no messages in the language.

    Source:
        What counts as a change: docs/operations.md.

    Example:
        >>> found = compare_runs(Path("runs/latest"), Path("runs/latest"))
        >>> found.data
        ()
    """
    try:
        words = load(language)
    except LanguageUnknown as error:
        raise UsageError(str(error)) from None
    return changes(in_language(_audit(first), words), in_language(_audit(second), words))


def as_json(found: Changes) -> str:
    """Returns all comparisons as sorted JSON with nine significant digits.

    Under `what_changed` is what `latent-audit run` says of a run since the last accepted one.
    """
    plain = {**asdict(found), "what_changed": record(found)}
    return json.dumps(settled(plain, "changes"), indent=1, sort_keys=True) + "\n"


def as_text(found: Changes, first: Path, second: Path, language: str) -> str:
    """Returns the text to print. Raises UsageError for a language without messages."""
    try:
        return "\n".join(changes_page.lines(found, _name(first), _name(second), language))
    except LanguageUnknown as error:
        raise UsageError(str(error)) from None


def write_html(found: Changes, first: Path, second: Path, language: str, into: Path) -> None:
    """Writes a self-contained page. Raises UsageError for a language without messages."""
    try:
        html = changes_page.page(found, _name(first), _name(second), language)
    except LanguageUnknown as error:
        raise UsageError(str(error)) from None
    with writing(into, "--html, and the name of a file"):
        into.write_text(html, encoding="utf-8")


def _audit(folder: Path) -> Audit:
    try:
        return read_audit(folder)
    except ReportError as error:
        raise RunUnusable(f"{named(folder)} cannot be compared: {error}") from None


def _name(folder: Path) -> str:
    whole = folder.resolve()
    return f"{whole.parent.name}/{whole.name}"
