"""Turns a run folder into report.html: one file with everything inside, a pure function of what it reads."""

import base64
import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from latent_audit.reports.errors import NotPlainJson, RunIncomplete
from latent_audit.reports.page import messages
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.drawing import FIGURES_FOLDER, Builder, section_html, write_figures
from latent_audit.reports.page.reasons import in_language
from latent_audit.reports.page.sections.overview import next_steps
from latent_audit.reports.page.sections.section import find_sections
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.reports.record.audit_json import AUDIT_NAME, parse_audit
from latent_audit.reports.record.run_facts import LEDGER_NAME, RUN_NAME, parse_ledger, parse_run
from latent_audit.reports.record.run_files import MAX_BYTES, NotPlain, read_plain
from latent_audit.vocabulary.record.audit import Audit

REPORT_NAME = "report.html"
# Sections in the report's order: what fills each, by its id; its template has the same name.
_FOUND = find_sections()
BUILDERS: dict[str, Builder] = {section.key: section.build for section in _FOUND}
SECTIONS = tuple(BUILDERS)
CHAPTERS = tuple(section.key for section in _FOUND if not section.below)
# Sections that are folded below a chapter.
FOLDED = {key: tuple(section.key for section in _FOUND if section.below == key) for key in CHAPTERS}
OF_THE_RUN = tuple(section.key for section in _FOUND if section.of_the_run)
# Words that the script puts on the page.
SAID_BY_SCRIPT = (
    "open",
    "close",
    "filter",
    "sort",
    "link",
    "copy",
    "copied",
    "reset",
    "random",
    "start",
    "usual",
    "unusual",
    "reads",
)
# The others in halves that take about as long, for two workers.
HALVES = {
    "pictures": ("attributes", "maps"),
    "rest": tuple(key for key in SECTIONS if key not in (*OF_THE_RUN, "attributes", "maps")),
}


def render(
    run_folder: Path, language: str = "en", drawn: Sequence[Path] = (), audit: Audit | None = None
) -> Path:
    """Writes report.html and figures/ into `run_folder` and returns the report's path.

    Reads audit.json, run.json, ledger.jsonl and arrays/. The same files give the same bytes, with sections that
    `draw` left in the folders `drawn` or without. `audit` is what audit.json holds, where it was checked already.

    Args:
        run_folder: a finished run, or a copy of one. A sealed run that is written in another language is no longer
            what its seal says.
        language: "en" or "zh".
        drawn: folders with sections that were drawn before.
        audit: the checked content of audit.json, or None.

    Returns:
        The path of report.html.

    Raises:
        RunIncomplete: one of these files is missing, unreadable or altered.
        AuditInvalid: audit.json breaks its schema.
        LanguageUnknown: there are no messages in `language`.

    Source:
        The chapters of the report: docs/report.md.

    Example:
        >>> copy = Path(shutil.copytree("runs/latest", "copy"))
        >>> page = render(copy, "zh").read_text(encoding="utf-8")
        >>> '<html lang="zh-Hans"' in page
        True
    """
    page = open_page(run_folder, language, audit)
    templates = template_environment(page.t)
    ready = {path.stem: path for folder in drawn for path in folder.glob("*.html")}
    bodies = {
        key: Markup(ready[key].read_text(encoding="utf-8"))
        if key in ready
        else section_html(page, templates, key, BUILDERS[key])
        for key in SECTIONS
    }
    html = page_html(page, templates, bodies)
    figures = run_folder / FIGURES_FOLDER
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir()
    for folder in drawn:
        shutil.copytree(folder / FIGURES_FOLDER, figures, dirs_exist_ok=True)
    write_figures(page, figures)
    path = run_folder / REPORT_NAME
    path.write_bytes(html.encode("utf-8"))
    return path


def open_page(run_folder: Path, language: str, audit: Audit | None = None) -> Page:
    """Returns the page of a run with nothing drawn yet; audit.json is checked unless its checked content is given."""
    data = _content(run_folder, AUDIT_NAME)
    try:
        audit = parse_audit(data) if audit is None else audit
    except NotPlainJson as error:
        raise RunIncomplete(f"{AUDIT_NAME} in {run_folder} is not JSON that can be read: {error}.") from None
    run = parse_run(_content(run_folder, RUN_NAME))
    ledger = parse_ledger(_content(run_folder, LEDGER_NAME))
    digest = hashlib.sha256(data).hexdigest()
    words = messages.load(language)
    return Page(run_folder, in_language(audit, words), run, ledger, digest, words)


def _content(run_folder: Path, name: str) -> bytes:
    try:
        return read_plain(run_folder / name, MAX_BYTES[name])
    except FileNotFoundError:
        raise RunIncomplete(
            f"{run_folder / name} is missing; a report needs {AUDIT_NAME}, {RUN_NAME} and {LEDGER_NAME}."
        ) from None
    except NotPlain as found:
        raise RunIncomplete(f"{run_folder / name} is {found}, where a plain file should be.") from None


def page_html(page: Page, templates: Environment, bodies: Mapping[str, Markup]) -> str:
    """Returns the whole document around the sections' bodies."""
    script = (ROOM / "static" / "report.js").read_text(encoding="utf-8")
    style = (ROOM / "static" / "report.css").read_text(encoding="utf-8")
    return templates.get_template("page.html").render(
        page=page,
        chapters=[
            {
                "key": key,
                "title": page.t(f"section.{key}"),
                "count": _count(page, key),
                "parts": [
                    {"key": part, "title": page.t(f"section.{part}"), "body": _lowered(bodies[part])}
                    for part in FOLDED[key]
                ],
            }
            for key in CHAPTERS
        ],
        told=[(name, page.t(f"script.{name}", n="{n}")) for name in SAID_BY_SCRIPT],
        bodies=bodies,
        style=Markup(style),
        script=Markup(script),
        script_hash=script_hash(script),
    )


def _lowered(body: Markup) -> Markup:
    """Returns a folded section with its headings one level lower, below the heading that it is folded under."""
    lowered = re.sub(r"<(/?)h([345])(?=[ >])", lambda tag: f"<{tag[1]}h{int(tag[2]) + 1}", body)
    return Markup(lowered)


def _count(page: Page, key: str) -> str:
    """Returns what stands beside a chapter in the bar: how many claims, models and actions it has."""
    counts = {
        "attributes": len(page.verdicts),
        "models": len(page.leads),
        "next": len(next_steps.actions(page)) if key == "next" else 0,
    }
    return str(counts.get(key, "") or "")


def script_hash(script: str) -> str:
    """Returns the source expression that lets exactly this script run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
