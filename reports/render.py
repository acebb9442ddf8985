"""Turns a run folder into report.html: one file with everything inside, a pure function of what it reads."""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import catalogue
from reports.audit_json import AUDIT_NAME, read_audit
from reports.errors import RunIncomplete
from reports.number_text import number
from reports.page import Page
from reports.sections import (
    attributions,
    cards,
    checks,
    closing,
    comparison,
    data,
    fitness,
    limitations,
    mapping,
    maps,
    provenance,
    scope,
    stability,
    summary,
    unclaimed,
)
from reports.visible_text import visible

REPORT_NAME = "report.html"
FIGURES_FOLDER = "figures"
ROOM = Path(__file__).parent
# Section ids in the report's order; each has a template of the same name.
SECTIONS = (
    "summary",
    "checks",
    "scope",
    "data",
    "fitness",
    "mapping",
    "attributes",
    "unclaimed",
    "attributions",
    "maps",
    "stability",
    "comparison",
    "limitations",
    "provenance",
    "references",
    "glossary",
    "integrity",
)


def render(run_folder: Path, language: str = "en") -> Path:
    """Writes report.html and figures/ into `run_folder` and returns the report's path.

    Reads audit.json, run.json, ledger.jsonl and arrays/. The same files give the same bytes.

    Raises:
        RunIncomplete: one of these files is missing, unreadable or altered.
        AuditInvalid: audit.json breaks its schema.
        LanguageUnknown: there is no catalogue for `language`.
    """
    page = open_page(run_folder, language)
    html = page_html(page)
    figures = run_folder / FIGURES_FOLDER
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir()
    for name, content in sorted(page.files.items()):
        (figures / name).write_bytes(content)
    path = run_folder / REPORT_NAME
    path.write_bytes(html.encode("utf-8"))
    return path


def open_page(run_folder: Path, language: str) -> Page:
    """Returns the page of a run with nothing drawn yet."""
    audit = read_audit(run_folder)
    digest = hashlib.sha256((run_folder / AUDIT_NAME).read_bytes()).hexdigest()
    try:
        run = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
        lines = (run_folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        ledger = [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError as error:
        raise RunIncomplete(
            f"{error.filename} is missing; a report needs run.json and ledger.jsonl."
        ) from error
    except ValueError as error:
        raise RunIncomplete(f"run.json or ledger.jsonl in {run_folder} is not JSON: {error}.") from error
    return Page(run_folder, audit, run, ledger, digest, catalogue.load(language))


def page_html(page: Page) -> str:
    """Returns the whole document; figures are left in `page.files`."""
    script = (ROOM / "static" / "report.js").read_text(encoding="utf-8")
    style = (ROOM / "static" / "report.css").read_text(encoding="utf-8")
    template = environment(page).get_template("page.html")
    return template.render(
        page=page,
        sections=[(index + 1, key, page.t(f"section.{key}")) for index, key in enumerate(SECTIONS)],
        style=Markup(style),
        script=Markup(script),
        script_hash=script_hash(script),
        **contents(page),
    )


def contents(page: Page) -> dict[str, Any]:
    """Returns what every section's template is filled with, by section."""
    closed = closing.build(page)
    return {
        "summary": summary.build(page),
        "checks": checks.build(page),
        "scope": scope.build(page),
        "data": data.build(page),
        "fitness": fitness.build(page),
        "mapping": mapping.build(page),
        "attributes": cards.build(page),
        "unclaimed": unclaimed.build(page),
        "attributions": attributions.build(page),
        "maps": maps.build(page),
        "stability": stability.build(page),
        "comparison": comparison.build(page),
        "limitations": limitations.build(page),
        "provenance": provenance.build(page),
        "references": closed,
        "glossary": closed,
        "integrity": closed,
    }


def environment(page: Page) -> Environment:
    """Returns templates that escape everything, refuse what is undefined, and show unseen characters."""
    made = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["t"] = page.t
    made.globals["number"] = number
    return made


def script_hash(script: str) -> str:
    """Returns the source expression that lets exactly this script run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _shown(value: Any) -> Any:
    """Makes every unseen character of a text visible on its way into the page; markup passes unchanged."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
