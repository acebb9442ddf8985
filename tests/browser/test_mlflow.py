"""The report in the artifact pane of MLflow's own pages, which serve the real run's store."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import pytest
from playwright.sync_api import Page, expect

from reports.render import SECTIONS
from tests.browser.test_places import LOST
from tests.browser.watching import LISTEN, SLOWEST
from tests.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(1200),
    # MLflow uses what its database library is about to drop.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]


@pytest.fixture
def server(run_folder: Path, tmp_path: Path) -> Iterator[str]:
    """Returns the address of MLflow's pages over the store that the run wrote to."""
    store = run_folder.resolve().parents[2] / "artifacts" / "mlflow" / "mlflow.db"
    port = free_port()
    words = [
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--backend-store-uri",
        f"sqlite:///{store}",
    ]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words],
            cwd=tmp_path,
            env={
                **os.environ,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # pages alone: no workers for jobs beside them
            },
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", process, tmp_path / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SLOWEST / 1000
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"MLflow's server did not start: {log.read_text()}")


def test_the_report_works_in_the_artifact_pane(page: Page, server: str, run_folder: Path) -> None:
    run_id = json.loads((run_folder / "run.json").read_text())["mlflow"]["parent_run_id"]
    store = run_folder.resolve().parents[2] / "artifacts" / "mlflow" / "mlflow.db"
    experiment = mlflow.MlflowClient(f"sqlite:///{store}").get_run(run_id).info.experiment_id
    outside: list[str] = []
    # Routing would take MLflow's own caches out of play; that the report asks for nothing is watched in its frame.
    page.on(
        "request", lambda request: outside.append(request.url) if of_the_report(request.frame.url) else None
    )
    page.add_init_script(LISTEN)
    page.goto(f"{server}/#/experiments/{experiment}/runs/{run_id}/artifacts/report.html", timeout=SLOWEST)
    pane = page.frame_locator("iframe").last
    expect(pane.locator("h1")).to_be_visible(timeout=SLOWEST)
    frame = next(frame for frame in page.frames if of_the_report(frame.url))
    frame.wait_for_load_state("load")  # the heading stands there before the script at the end has come
    assert frame.locator("nav.contents a").count() == len(SECTIONS)
    assert frame.evaluate(LOST) == []
    frame.locator("nav.contents button").first.click()
    dial = frame.locator("input[type=range]").first
    dial.focus()
    before = dial.get_attribute("aria-valuetext")
    page.keyboard.press("Home")
    assert dial.get_attribute("aria-valuetext") != before
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    assert frame.evaluate("window.violations") == []
    assert [address for address in outside if urlsplit(address).scheme not in ("blob", "data")] == []


def of_the_report(address: str) -> bool:
    return address.startswith("blob:")
