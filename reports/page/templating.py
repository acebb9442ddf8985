"""Templates of the report's pages: everything is escaped, what is undefined is refused."""

from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.visible_text import paragraph, shortened, visible

# Files beside this module that it reads; they count in content keys (tasks/storage/source_digest.py).
FILES_READ = ("templates/*.html",)

ROOM = Path(__file__).parent


class _CompiledTemplates(BytecodeCache):
    """Compiled templates of this process: to compile them again takes a tenth of the time of a report."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


def template_environment(words: messages.Messages) -> Environment:
    """Returns templates that escape everything, refuse what is undefined, and show unseen characters."""
    made = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        bytecode_cache=_COMPILED,
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
