"""Where an explanation goes: one page, or one JSON file, outside the run."""

import json
from pathlib import Path

from latent_audit.reports.page.explained.explanation_page import explanation_page, opening_lines
from latent_audit.reports.page.messages import languages
from latent_audit.reports.page.visible_text import slug
from latent_audit.reports.record.audit_json import settled
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.runs.kept_results import KeptRun
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.image_explanation import ImageExplanation

JSON = "json"


def target_of(kept: KeptRun, image: str, output: Path | None, form: str, language: str) -> Path:
    """Returns the file that the explanation is written into.

    Raises UsageError for one in the run, for a folder, and for a language without messages.
    """
    if language not in languages():
        raise UsageError(
            f"there is no catalogue for language {language!r}; there are {', '.join(languages())}"
        )
    given = Path(f"{slug(Path(image).stem)}-explained.{form}") if output is None else output
    target = given.absolute()
    if target.resolve().is_relative_to(kept.folder):
        raise UsageError(f"{named(given)} lies in the run, which is sealed: give another --output")
    if target.is_dir():
        raise UsageError(f"{named(given)} is a folder: give a file as --output")
    return target


def write_explanation(found: ImageExplanation, target: Path, form: str, language: str) -> list[str]:
    """Writes the page or the JSON, and returns its first sentences."""
    if form == JSON:
        plain = settled(dict(found), "explanation")
        content = json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    else:
        content = explanation_page(found, language)
    with writing(target):
        target.write_text(content, encoding="utf-8")
    return opening_lines(found, language)
