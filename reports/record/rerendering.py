"""A report is what its audit.json renders to: rendered again elsewhere and compared byte for byte."""

import hashlib
import re
import tempfile
from pathlib import Path

from latent_audit.reports.page.drawing import FIGURES_FOLDER
from latent_audit.reports.page.render import REPORT_NAME, render
from latent_audit.reports.record.audit_json import AUDIT_NAME
from latent_audit.reports.record.run_facts import LEDGER_NAME, RUN_NAME
from latent_audit.reports.record.run_files import RunFiles
from latent_audit.vocabulary.record.audit import Audit

RENDERED_FROM = (AUDIT_NAME, RUN_NAME, LEDGER_NAME)


def differing(found: RunFiles, audit: Audit) -> list[str]:
    """Returns the files of a run, report and figures, that are not what the run renders to now.

    Rendered from the bytes that were read before; arrays are read again and held against the digests in audit.json.

    Args:
        found: the files of the run.
        audit: what their audit.json holds, checked.

    Raises:
        ReportError: it cannot be rendered, with the reason.
    """
    with tempfile.TemporaryDirectory() as place:
        again = Path(place)
        for name in RENDERED_FROM:
            if name in found.contents:
                (again / name).write_bytes(found.contents[name])
        (again / "arrays").symlink_to((found.folder / "arrays").resolve())
        render(again, language_of(found.contents.get(REPORT_NAME, b"")), audit=audit)
        figures = sorted(path.name for path in (again / FIGURES_FOLDER).iterdir())
        names = [REPORT_NAME, *(f"{FIGURES_FOLDER}/{name}" for name in figures)]
        drawn = {name for name in found.files if name.startswith(f"{FIGURES_FOLDER}/")}
        return [name for name in names if not _same(found, name, again / name)] + sorted(drawn - {*names})


def language_of(report: bytes) -> str:
    """Returns the language of a report, "zh" where it says zh-Hans; English where it says none."""
    said = re.search(rb'<html lang="([A-Za-z-]+)"', report[:2000])
    return said.group(1).decode("ascii").partition("-")[0] if said else "en"


def _same(found: RunFiles, name: str, again: Path) -> bool:
    facts = found.files.get(name)
    return facts is not None and facts.sha256 == hashlib.sha256(again.read_bytes()).hexdigest()
