"""A report is what its audit.json renders to: rendered again elsewhere and compared byte for byte."""

import re
import shutil
import tempfile
from pathlib import Path

from reports.audit_json import AUDIT_NAME
from reports.drawing import FIGURES_FOLDER
from reports.render import REPORT_NAME, render

RENDERED_FROM = (AUDIT_NAME, "run.json", "ledger.jsonl")


def differing(folder: Path) -> list[str]:
    """Returns the files of a run, report and figures, that are not what the run renders to now.

    The folder itself is not touched.

    Raises:
        ReportError: it cannot be rendered, with the reason.
    """
    with tempfile.TemporaryDirectory() as place:
        again = Path(place)
        for name in RENDERED_FROM:
            shutil.copyfile(folder / name, again / name)
        (again / "arrays").symlink_to((folder / "arrays").resolve())
        render(again, language_of(folder / REPORT_NAME))
        figures = sorted(path.name for path in (again / FIGURES_FOLDER).iterdir())
        names = [REPORT_NAME, *(f"{FIGURES_FOLDER}/{name}" for name in figures)]
        return [name for name in names if not _same(folder / name, again / name)]


def language_of(report: Path) -> str:
    """Returns the language that a report says it is written in; English where it says none."""
    found = re.search(rb'<html lang="([A-Za-z-]+)"', report.read_bytes()[:2000])
    return found.group(1).decode("ascii") if found else "en"


def _same(first: Path, second: Path) -> bool:
    return first.is_file() and first.read_bytes() == second.read_bytes()
