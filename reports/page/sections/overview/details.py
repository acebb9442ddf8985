"""Everything else, folded: data, checks, attributions, moves, uses, settings, references."""

from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.sections.section import Section


def build(page: Page) -> dict[str, Any]:
    """Returns nothing: the chapter has one sentence, and the parts that are folded in it."""
    return {}


SECTIONS = (Section("details", build, place=160),)
