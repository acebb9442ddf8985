"""The report in the artifact pane of MLflow's own pages, which serve the real run's store."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import mlflow
import pytest
from playwright.sync_api import Browser, Page, expect

from latent_audit.reports.page.render import CHAPTERS
from tests.audits.tiny_audit import COMMAND
from tests.browser.conftest import new_page
from tests.browser.test_places import LOST
from tests.browser.watching import LISTEN, SLOWEST
from tests.left_behind import CHAOS_HOME, processes_of
from tests.mlflow_server import wait_until_healthy
from tests.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(1200),
    # MLflow uses what its database library is about to drop.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]


@pytest.fixture
def page(chromium: Browser, server: str, run_folder: Path) -> Iterator[Page]:
    """An empty page that knows the password of the store's servers."""
    kept = run_folder.resolve().parents[2] / "artifacts" / "services" / "password"
    user, _, password = kept.read_text().strip().partition(":")
    with new_page(chromium, http_credentials={"username": user, "password": password}) as page:
        yield page


@pytest.fixture
def server(run_folder: Path, tmp_path: Path) -> Iterator[str]:
    """Returns the address of MLflow's pages over the store that the run wrote to, as `latent-audit ui` shows them."""
    store, port, log = run_folder.resolve().parents[2] / "artifacts", free_port(), tmp_path / "ui.log"
    (tmp_path / "ui.yaml").write_text("run: {name: mine, store: nowhere}\n")
    words = ["ui", "ui.yaml", "--port", str(port), "--run.store", str(store)]
    with log.open("w") as file:
        environment = {**os.environ, CHAOS_HOME: str(tmp_path)}
        process = subprocess.Popen([COMMAND, *words], cwd=tmp_path, env=environment, stdout=file, stderr=file)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", process, log)
            assert_only_its_user_gets_in(port, store)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            ended = process.wait(timeout=60)
    # effect of ui --port
    assert log.read_text().startswith(f"MLflow: http://127.0.0.1:{port}  (Ctrl-C ends it)\n")
    assert ended == 0
    assert processes_of(str(tmp_path)) == []
    # effect of ui --section.key
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "ui.yaml").write_text("run: {store: ui.yaml}\n")
    refused = subprocess.run(
        [COMMAND, "ui", "ui.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    # effect of ui CONFIG.yaml
    assert (refused.returncode, "cannot write " in refused.stderr, "ui.yaml" in refused.stderr) == (
        1,
        True,
        True,
    )


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
    assert frame.locator("nav.contents a").count() == len(CHAPTERS)
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


def assert_only_its_user_gets_in(port: int, store: Path) -> None:
    """The gate of `up` stands before `ui` too."""
    user, _, password = (store / "services" / "password").read_text().strip().partition(":")
    address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=1"
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, auth=(user, "another")).status_code == 401
    assert httpx.get(address, auth=(user, password)).status_code == 200
    for foreign in ({"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}):
        assert httpx.get(address, auth=(user, password), headers=foreign).status_code == 403


def of_the_report(address: str) -> bool:
    return address.startswith("blob:")
