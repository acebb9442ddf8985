"""Draws sections of a report by themselves: those that follow from audit.json alone can be drawn once for many runs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.reasons import in_language
from latent_audit.reports.page.templating import template_environment
from latent_audit.reports.record.audit_json import read_audit

FIGURES_FOLDER = "figures"
# What fills a section's template.
Builder = Callable[[Page], Any]


def draw(audit_folder: Path, into: Path, builders: Mapping[str, Builder], language: str = "en") -> None:
    """Writes the sections of `builders`, which follow from audit.json and arrays/ alone, and their figures."""
    words = messages.load(language)
    page = Page(audit_folder, in_language(read_audit(audit_folder), words), {}, [], "", words)
    templates = template_environment(page.t)
    for key, build in builders.items():
        (into / f"{key}.html").write_text(section_html(page, templates, key, build), encoding="utf-8")
    (into / FIGURES_FOLDER).mkdir()
    write_figures(page, into / FIGURES_FOLDER)


def section_html(page: Page, templates: Environment, key: str, build: Builder) -> Markup:
    """Returns one section's body; its figures are left in `page.files`."""
    template = templates.get_template("section.html")
    return Markup(template.render(page=page, key=key, **{key: build(page)}))


def write_figures(page: Page, folder: Path) -> None:
    """Writes the figures that the page's sections have drawn so far."""
    for name, content in sorted(page.files.items()):
        (folder / name).write_bytes(content)
