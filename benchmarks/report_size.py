"""How large a report is, how long it takes to write and to open: the largest run that must stay usable, or yours.

    python -m benchmarks.report_size            64 dimensions, 40 attributes, 6 models, 5 seeds
    python -m benchmarks.report_size runs/latest

The large run is written by the tests' own builder: every part of audit.json at full size, its numbers and pictures
from a seed. Opening is timed in the machine's Chromium, headless, as the load event; the middle of three.
"""

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path

from reports.audit_json import write_audit
from reports.render import render
from tasks.print_pdf import chromium
from tests.reports.audit_builder import AuditBuilder

DIMENSIONS, ATTRIBUTES, MODELS, SEEDS = 64, 40, 6, 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="a finished run; without, the largest is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        report = given.folder / "report.html" if given.folder else large_report(Path(place))
        html = report.read_text(encoding="utf-8")
        print(f"report.html: {len(html.encode()) / 1e6:.2f} MB")
        for section in re.split(r'(?=<section id=")', html)[1:]:
            name = re.match(r'<section id="(\w+)"', section)
            assert name is not None
            print(f"  {name[1]:14}{len(section.encode()) / 1e6:6.2f} MB")
        seconds = [load_seconds(report) for _ in range(3)]
        print(f"load event: {statistics.median(seconds):.2f} s of {', '.join(f'{s:.2f}' for s in seconds)}")


def large_report(folder: Path) -> Path:
    kinds = [("binary", ["no", "yes"]), ("categorical", ["a", "b", "c"]), ("continuous", [])]
    attributes = tuple((f"attribute_{i}", *kinds[i % 3], None) for i in range(ATTRIBUTES))
    models = tuple(f"model_{i}" for i in range(MODELS))
    builder = AuditBuilder(folder, models=models, attributes=attributes, dimensions=DIMENSIONS, seeds=SEEDS)
    write_audit(folder, builder.write())
    started = time.perf_counter()
    path = render(folder)
    print(f"rendered in {time.perf_counter() - started:.1f} s ({time.process_time():.1f} s of the processor)")
    return path


def load_seconds(report: Path) -> float:
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


if __name__ == "__main__":
    main()
