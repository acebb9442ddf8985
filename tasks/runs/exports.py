"""What a finished run says in other formats, beside the run: nothing is written into a sealed folder."""

from pathlib import Path
from typing import Literal

from latent_audit.reports.exports.figure_files import figure_files
from latent_audit.reports.exports.model_card import model_cards
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.render import REPORT_NAME, open_page
from latent_audit.reports.record.audit_json import AUDIT_NAME
from latent_audit.reports.record.rerendering import language_of
from latent_audit.reports.record.run_files import MANIFEST_NAME
from latent_audit.tasks.errors import RunUnusable, UsageError
from latent_audit.tasks.runs.verify import Verified, statement_of, verify
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named

Format = Literal["model-card", "in-toto"]
FORMATS: tuple[Format, ...] = ("model-card", "in-toto")
STATEMENT_NAME = "statement.json"
OF_A_RUN = (MANIFEST_NAME, AUDIT_NAME)


def export(folder: Path, form: Format, output: Path | None = None) -> list[Path]:
    """Writes a verified run in one of FORMATS, and returns the files.

    output: their folder; by default `<run id>-exports` beside the run.

    Raises RunUnusable for a run that is not whole, UsageError for an output inside a run.
    """
    verified = _whole(folder)
    if form == "in-toto":
        statement = statement_of(verified.checked)
        if statement is None:
            raise RunUnusable(f"{named(folder)} holds no settings.yaml, which a statement names")
        return _write(verified, {STATEMENT_NAME: statement}, output)
    cards = model_cards(_page(verified), verified.manifest_sha256)
    return _write(verified, {name: text.encode("utf-8") for name, text in cards.items()}, output)


def write_figures(folder: Path, output: Path | None = None) -> list[Path]:
    """Writes each figure of a verified run's report as SVG, with its numbers as CSV, and returns the files.

    output: their folder; by default `<run id>-exports/figures` beside the run.

    Raises RunUnusable for a run that is not whole, UsageError for an output inside a run.
    """
    verified = _whole(folder)
    files = figure_files(_page(verified))
    return _write(verified, files, output or _beside(verified.checked.found.folder) / "figures")


def outside_of_runs(place: Path, instead: str = "give another --output") -> Path:
    """Returns a path as an absolute one. Raises UsageError where it lies in a run, which is sealed."""
    whole = place.absolute().resolve()
    # Another program's folder may hold a manifest.json too.
    if any(all((parent / name).exists() for name in OF_A_RUN) for parent in (whole, *whole.parents)):
        raise UsageError(f"{named(place)} lies in a run, which is sealed: {instead}")
    return whole


def _whole(folder: Path) -> Verified:
    verified = verify(folder)
    if verified.problems:
        raise RunUnusable(
            f"{named(folder)} is not what a run wrote, and is not exported (latent-audit verify): "
            f"{verified.problems[0].sentence}"
        )
    return verified


def _page(verified: Verified) -> Page:
    """Returns the page of the run, with what was checked, in the language of its own report."""
    checked = verified.checked
    language = language_of(checked.found.contents.get(REPORT_NAME, b""))
    return open_page(checked.found.folder, language, checked.audit)


def _beside(run: Path) -> Path:
    return run.with_name(f"{run.name}-exports")


def _write(verified: Verified, files: dict[str, bytes], output: Path | None) -> list[Path]:
    place = outside_of_runs(_beside(verified.checked.found.folder) if output is None else output)
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    return [place / name for name in files]
