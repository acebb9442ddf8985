"""What each section of the report declares: its id, what fills it, and where it stands."""

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from latent_audit.reports.page import sections
from latent_audit.reports.page.context import Figure, Page, Table
from latent_audit.vocabulary.record.model import Model


@dataclass(frozen=True)
class Section:
    """One section of the report.

    Args:
        key: its id on the page, the name of its template, and of its title in the messages.
        build: returns what its template shows.
        place: the report shows sections in rising order of this number.
        below: the chapter that it is folded under; "" for a chapter of its own.
        of_the_run: whether it tells of one run; all others follow from audit.json alone and are drawn once for many.
    """

    key: str
    build: Callable[[Page], Any]
    place: int
    below: str = ""
    of_the_run: bool = False


def titled(
    title: str, text: str, figures: Sequence[Figure | None] = (), table: Table | None = None
) -> dict[str, Any]:
    """Returns a part of a section as its template shows it: title, text, the figures that are there, and a table."""
    shown = [figure for figure in figures if figure is not None]
    return {"title": title, "text": text, "figures": shown, "table": table}


def missing(page: Page, title: str, stages: Sequence[str], model: Model | None) -> list[dict[str, Any]]:
    """Returns a part that says which of `stages` failed and why; none where none did, since nobody asked for it."""
    reasons = (page.failure(stage, model) for stage in stages)
    reason = next((reason for reason in reasons if reason is not None), None)
    return [] if reason is None else [titled(title, reason)]


def find_sections() -> tuple[Section, ...]:
    """Returns all sections that the modules of this folder declare, in the order of the report."""
    return tuple(sorted(_declared(), key=lambda section: section.place))


def _declared() -> Iterator[Section]:
    for found in pkgutil.walk_packages(sections.__path__, f"{sections.__name__}."):
        yield from vars(import_module(found.name)).get("SECTIONS", ())
