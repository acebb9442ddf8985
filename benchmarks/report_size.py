"""How large a report is and how long it takes to open: the largest run that must stay usable, or yours.

    python -m benchmarks.report_size                      64 dimensions, 40 attributes, 6 models, 5 seeds
    python -m benchmarks.report_size --folder runs/latest

The large run is written by the tests' own builder: every part of audit.json at full size, its numbers and pictures
from a seed. Opening is timed in the machine's Chromium, headless, as the load event.
"""

import argparse
import re
import sys
from pathlib import Path

from benchmarks.measuring import seconds_of, spread, temporary_folder
from benchmarks.results import Row, Section
from benchmarks.starting import options, perform
from latent_audit.reports.page.render import render
from latent_audit.reports.record.audit_json import write_audit
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.runs.print_pdf import chromium
from tests.reports.audit_builder import AuditBuilder

DIMENSIONS, ATTRIBUTES, MODELS, SEEDS = 64, 40, 6, 5
LARGE_SHARE = 0.02  # sections of less are not listed


def measure(given: argparse.Namespace) -> Section:
    """Returns seconds to render, the report's size by section in MB, and seconds to the load event."""
    folder = given.folder or temporary_folder()
    sizes = (4, 3, 2, 2) if given.quick else (DIMENSIONS, ATTRIBUTES, MODELS, SEEDS)
    rows, notes = [], []
    if given.folder is None:
        write_run(folder, *sizes)
        rows.append(Row("rendering", "one core", "s", spread([seconds_of(lambda: render(folder))])))
    report = folder / "report.html"
    html = report.read_text(encoding="utf-8")
    rows.append(Row("size", "report.html", "MB", spread([len(html.encode()) / 1e6])))
    for section in re.split(r'(?=<section id=")', html)[1:]:
        name = re.match(r'<section id="(\w+)"', section)
        assert name is not None
        if len(section) > LARGE_SHARE * len(html):
            rows.append(Row("size", name[1], "MB", spread([len(section.encode()) / 1e6])))
    try:
        seconds = [load_seconds(report) for _ in range(given.rounds)]
        rows.append(Row("opening", "Chromium, headless", "s", spread(seconds)))
    except UsageError as error:
        notes.append(f"opening was not timed: {error}")
    made = "{} dimensions, {} attributes, {} models, {} seeds".format(*sizes)
    return Section(
        title="Report",
        setting=f"{given.folder or made} (`python -m benchmarks.report_size`).",
        rows=tuple(rows),
        notes=tuple(notes),
    )


def write_run(folder: Path, dimensions: int, attributes: int, models: int, seeds: int) -> None:
    """Writes a run of that size into `folder`, attributes of three kinds in turns, ready to be rendered."""
    kinds = [("binary", ["no", "yes"]), ("categorical", ["a", "b", "c"]), ("continuous", [])]
    named = tuple((f"attribute_{i}", *kinds[i % 3], None) for i in range(attributes))
    builder = AuditBuilder(
        folder,
        models=tuple(f"model_{i}" for i in range(models)),
        attributes=named,
        dimensions=dimensions,
        seeds=seeds,
    )
    write_audit(folder, builder.write())


def load_seconds(report: Path) -> float:
    """Returns seconds from the start of navigation to the end of the load event."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(report.resolve().as_uri(), timeout=600_000)
        found: float = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
        browser.close()
    return found


def main() -> int:
    """Measures the report."""
    parser = options(__doc__, rounds=3)
    parser.add_argument("--folder", type=Path, help="a finished run; without, the largest is made")
    return perform("report", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
