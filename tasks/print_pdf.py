"""Print: a report as a PDF on A4, by the Chromium of this machine."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from reports.render import REPORT_NAME
from tasks.errors import RunUnusable, StageFailed, UsageError
from tasks.store import writing

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LONGEST_SECONDS = 600


def print_pdf(folder: Path, into: Path | None = None, browser: str | None = None) -> Path:
    """Writes the report of a finished run as a PDF and returns its path.

    Args:
        folder: the run.
        into: the PDF; without, it stands beside the run's folder, which is sealed as it is.
        browser: name or path of a Chromium; without, the first on the path.

    Raises UsageError when there is no Chromium, RunUnusable when there is no report, StageFailed when it
    could not be printed.
    """
    report = folder / REPORT_NAME
    if not report.is_file():
        raise RunUnusable(
            f"{folder} holds no {REPORT_NAME}; give the folder of a finished run, as runs/latest"
        )
    program = chromium(browser)
    whole = folder.resolve()
    target = (into or whole.with_name(f"{whole.name}.pdf")).absolute()
    with writing(target), tempfile.TemporaryDirectory() as profile:
        words = [
            program,
            "--headless",
            "--no-sandbox",  # nothing is fetched and only our own script runs; containers have no sandbox to give
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            report.resolve().as_uri(),
        ]
        try:
            ended = subprocess.run(
                words,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                encoding="utf-8",
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            raise StageFailed(f"{program} did not print within {LONGEST_SECONDS} s") from None
    if ended.returncode != 0 or not target.is_file():
        raise StageFailed(
            f"{program} did not print (exit code {ended.returncode}): {ended.stderr.strip()[-500:]}"
        )
    return target


def chromium(browser: str | None = None) -> str:
    """Returns the path of the Chromium named, or of the first on the path. Raises UsageError where there is none."""
    for name in (browser,) if browser else CHROMIUMS:
        found = shutil.which(name)
        if found is not None:
            return found
    if browser:
        raise UsageError(f"there is no program {browser}; give the name or path of a Chromium")
    raise UsageError(
        "no Chromium was found, which prints the report: install one (Debian: apt-get install chromium), name it "
        "with --browser, or print report.html from any browser"
    )
