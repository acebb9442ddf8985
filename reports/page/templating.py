"""Templates of the report's pages: everything is escaped, what is undefined is refused."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.visible_text import paragraph, shortened, visible

# Files beside this module that it reads; they count in content keys (tasks/storage/source_digest.py).
FILES_READ = ("templates/*.html",)

ROOM = Path(__file__).parent


def template_environment(words: messages.Messages) -> Environment:
    """Returns templates that escape everything, refuse what is undefined, and show unseen characters."""
    made = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["t"] = words
    made.globals["number"] = number
    made.filters["paragraph"] = paragraph
    made.filters["short"] = lambda name: shortened(name, 60)
    return made


def _shown(value: Any) -> Any:
    """Makes every unseen character of a text visible on its way into the page; markup passes unchanged."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
