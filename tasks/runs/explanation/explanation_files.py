"""Where an explanation goes: one page, or one JSON file, outside the run."""

import json
from pathlib import Path

from latent_audit.reports.errors import LanguageUnknown
from latent_audit.reports.page.explained.explanation_page import explanation_page, opening_lines
from latent_audit.reports.page.visible_text import slug
from latent_audit.reports.record.audit_json import settled
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.runs.kept_results import KeptRun
from latent_audit.tasks.session.terminal_text import named
from latent_audit.tasks.storage.store import writing
from latent_audit.vocabulary.image_explanation import ImageExplanation

HTML, JSON = "html", "json"


def target_of(kept: KeptRun, image: str, output: Path | None, form: str) -> Path:
    """Returns the file that the explanation is written into. Raises UsageError for one in the run or a folder."""
    given = Path(f"{slug(Path(image).stem)}-explained.{form}") if output is None else output
    target = given.absolute()
    if target.resolve().is_relative_to(kept.folder):
        raise UsageError(f"{named(given)} lies in the run, which is sealed: give another --output")
    if target.is_dir():
        raise UsageError(f"{named(given)} is a folder: give a file as --output")
    return target


def write_explanation(found: ImageExplanation, target: Path, form: str, language: str) -> list[str]:
    """Writes the page or the JSON, and returns its first sentences. Raises UsageError for an unknown language."""
    try:
        lines = opening_lines(found, language)
        content = (
            json.dumps(settled(dict(found), "explanation"), indent=1, sort_keys=True, ensure_ascii=False)
            + "\n"
            if form == JSON
            else explanation_page(found, language)
        )
    except LanguageUnknown as error:
        raise UsageError(str(error)) from None
    with writing(target):
        target.write_text(content, encoding="utf-8")
    return lines
