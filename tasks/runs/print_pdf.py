"""Prints a report as a PDF on A4, with the Chromium of this machine.

A report may come from a stranger. Its folder is checked first, and what is printed is a copy that can do nothing: no
script runs, nothing is fetched or read from disk, and Chromium keeps its sandbox.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from latent_audit.reports.page.render import REPORT_NAME
from latent_audit.tasks.errors import RunUnusable, StageFailed, UsageError
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named, one_line

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LONGEST_SECONDS = 600
PROBLEMS_SHOWN = 3
# Stands before all that the page says itself: a later policy can only be stricter. No script runs either.
HARMLESS = (
    '<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "img-src data:; font-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
)
# A page could send the browser elsewhere (refresh) in spite of its policy.
OTHER_PRAGMA = re.compile(r"""http-equiv\s*=\s*(?!["']?Content-Security-Policy["'\s])""", re.IGNORECASE)
# Paper shows what is open: the whole evidence is printed.
CLOSED = re.compile("<details(?! open)")
NO_NETWORK = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def print_pdf(folder: Path, into: Path | None = None, browser: str | None = None) -> Path:
    """Writes the report of a finished run as a PDF and returns its path.

    Args:
        folder: the run.
        into: the PDF; without, it stands beside the run's folder, which is sealed as it is.
        browser: name or path of a Chromium; without, the first on the path.

    Raises UsageError when there is no Chromium, RunUnusable when there is no report or it is not what the run wrote,
    StageFailed when it could not be printed.
    """
    if not (folder / REPORT_NAME).is_file():
        raise RunUnusable(
            f"{named(folder)} holds no {REPORT_NAME}; give the folder of a finished run, as runs/latest"
        )
    program = chromium(browser)
    page = _checked_page(folder)
    whole = folder.resolve()
    target = (into or whole.with_name(f"{whole.name}.pdf")).absolute()
    with writing(target, "--output, and the name of a file"), tempfile.TemporaryDirectory() as place:
        copy = Path(place) / REPORT_NAME
        copy.write_text(HARMLESS + CLOSED.sub("<details open", page), encoding="utf-8")
        try:
            ended = subprocess.run(
                _command(program, Path(place), copy, target),
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                encoding="utf-8",
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            raise StageFailed(f"{named(program)} did not print within {LONGEST_SECONDS} s") from None
    if ended.returncode != 0 or not target.is_file():
        raise StageFailed(
            f"{named(program)} did not print (exit code {ended.returncode}): {one_line(ended.stderr)[-500:]}"
        )
    return target


def _checked_page(folder: Path) -> str:
    """Returns the report of a verified folder."""
    verified = verify(folder)
    problems = [problem.sentence for problem in verified.problems]
    # The bytes that were checked, not the file again.
    page = verified.checked.found.contents.get(REPORT_NAME, b"").decode("utf-8", errors="replace")
    if not problems and OTHER_PRAGMA.search(page):
        problems = [f"{REPORT_NAME} sends the browser elsewhere, which no report does."]
    if problems:
        said = "\n  ".join(problems[:PROBLEMS_SHOWN])
        raise RunUnusable(
            f"{named(folder)} is not what a run wrote, and is not printed (latent-audit verify):\n  {said}"
        )
    return page


def _command(program: str, place: Path, page: Path, target: Path) -> list[str]:
    return [
        program,
        "--headless",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium does not start as root with its sandbox
        "--disable-gpu",
        *NO_NETWORK,
        f"--user-data-dir={place / 'profile'}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={target}",
        page.as_uri(),
    ]


def chromium(browser: str | None = None) -> str:
    """Returns the path of the Chromium named, or of the first on the path. Raises UsageError where there is none."""
    for name in (browser,) if browser else CHROMIUMS:
        found = shutil.which(name)
        if found is not None:
            return found
    if browser:
        raise UsageError(f"there is no program {named(browser)}; give the name or path of a Chromium")
    raise UsageError(
        "no Chromium was found, which prints the report: install one (Debian: apt-get install chromium), name it "
        "with --browser, or print report.html from any browser"
    )
