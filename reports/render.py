"""Turns a run folder into report.html: one file with everything inside, a pure function of what it reads."""

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
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
    moves,
    provenance,
    scope,
    stability,
    summary,
    unclaimed,
    uses,
)
from reports.visible_text import visible

REPORT_NAME = "report.html"
FIGURES_FOLDER = "figures"
ROOM = Path(__file__).parent
# Sections in the report's order: what fills each, by its id; its template has the same name.
BUILDERS: dict[str, Callable[[Page], Any]] = {
    "summary": summary.build,
    "checks": checks.build,
    "scope": scope.build,
    "data": data.build,
    "fitness": fitness.build,
    "mapping": mapping.build,
    "attributes": cards.build,
    "unclaimed": unclaimed.build,
    "attributions": attributions.build,
    "maps": maps.build,
    "moves": moves.build,
    "uses": uses.build,
    "stability": stability.build,
    "comparison": comparison.build,
    "limitations": limitations.build,
    "provenance": provenance.build,
    "references": closing.build,
    "glossary": closing.build,
    "integrity": closing.build,
}
SECTIONS = tuple(BUILDERS)
# These tell of one run; all others follow from audit.json alone and can be drawn once for many runs.
OF_THE_RUN = ("summary", "provenance", "integrity")
# The others in halves that take about as long, for two workers.
HALVES = {
    "pictures": ("attributes", "maps"),
    "rest": tuple(key for key in SECTIONS if key not in (*OF_THE_RUN, "attributes", "maps")),
}


def render(run_folder: Path, language: str = "en", drawn: Sequence[Path] = ()) -> Path:
    """Writes report.html and figures/ into `run_folder` and returns the report's path.

    Reads audit.json, run.json, ledger.jsonl and arrays/. The same files give the same bytes, with sections that
    `draw` left in the folders `drawn` or without.

    Raises:
        RunIncomplete: one of these files is missing, unreadable or altered.
        AuditInvalid: audit.json breaks its schema.
        LanguageUnknown: there is no catalogue for `language`.
    """
    page = open_page(run_folder, language)
    templates = environment(page.t)
    ready = {path.stem: path for folder in drawn for path in folder.glob("*.html")}
    bodies = {
        key: Markup(ready[key].read_text(encoding="utf-8"))
        if key in ready
        else section_html(page, templates, key)
        for key in SECTIONS
    }
    html = page_html(page, templates, bodies)
    figures = run_folder / FIGURES_FOLDER
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir()
    for folder in drawn:
        shutil.copytree(folder / FIGURES_FOLDER, figures, dirs_exist_ok=True)
    _write_figures(page, figures)
    path = run_folder / REPORT_NAME
    path.write_bytes(html.encode("utf-8"))
    return path


def draw(audit_folder: Path, into: Path, half: str, language: str = "en") -> None:
    """Writes the sections of one of HALVES, which follow from audit.json and arrays/ alone, and their figures."""
    page = Page(audit_folder, read_audit(audit_folder), {}, [], "", catalogue.load(language))
    templates = environment(page.t)
    for key in HALVES[half]:
        (into / f"{key}.html").write_text(section_html(page, templates, key), encoding="utf-8")
    (into / FIGURES_FOLDER).mkdir()
    _write_figures(page, into / FIGURES_FOLDER)


def design_digest() -> str:
    """Returns the SHA-256 over everything here that is not Python and shapes a page: templates, words, style."""
    digest = hashlib.sha256()
    for path in sorted(
        path for path in ROOM.rglob("*") if path.suffix in (".html", ".yaml", ".css", ".js", ".json")
    ):
        digest.update(str(path.relative_to(ROOM)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


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


def section_html(page: Page, templates: Environment, key: str) -> Markup:
    """Returns one section's body; its figures are left in `page.files`."""
    template = templates.get_template("section.html")
    return Markup(template.render(page=page, key=key, **{key: BUILDERS[key](page)}))


def page_html(page: Page, templates: Environment, bodies: Mapping[str, Markup]) -> str:
    """Returns the whole document around the sections' bodies."""
    script = (ROOM / "static" / "report.js").read_text(encoding="utf-8")
    style = (ROOM / "static" / "report.css").read_text(encoding="utf-8")
    return templates.get_template("page.html").render(
        page=page,
        sections=[(index + 1, key, page.t(f"section.{key}")) for index, key in enumerate(SECTIONS)],
        bodies=bodies,
        style=Markup(style),
        script=Markup(script),
        script_hash=script_hash(script),
    )


def _write_figures(page: Page, folder: Path) -> None:
    for name, content in sorted(page.files.items()):
        (folder / name).write_bytes(content)


def environment(words: catalogue.Catalogue) -> Environment:
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
    return made


def script_hash(script: str) -> str:
    """Returns the source expression that lets exactly this script run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _shown(value: Any) -> Any:
    """Makes every unseen character of a text visible on its way into the page; markup passes unchanged."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
