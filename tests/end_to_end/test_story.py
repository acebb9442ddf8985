"""A new user does with the installed wheel, in a folder of their own, what README.md says, from first run to last.

`python -m tests.story` does the same with another Python and with the newest packages.
"""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, expect

from latent_audit.reports.page.messages import Messages, load
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.newcomer import IMAGES, Newcomer, arrive
from tests.browser.conftest import new_page
from tests.browser.test_shapes import pages
from tests.browser.watching import watch
from tests.left_behind import processes_of
from tests.mlflow_server import wait_until_healthy
from tests.plain_audit import read_audit
from tests.ports import free_port
from tests.services import by_rest

pytestmark = [pytest.mark.endurance, pytest.mark.browser, pytest.mark.timeout(1500)]

# More than a dimension can tell of anything: no association is strong enough.
OUT_OF_REACH = ("--evidence.thresholds.uncertainty_min", "1.5")
PICTURE = b"\x89PNG\r\n"


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    with taking("wheel and packages"):
        arrived = arrive(tmp_path)
    yield arrived
    arrived.run(arrived.command, "down")
    assert processes_of(str(arrived.folder)) == []
    shutil.rmtree(arrived.programs.parent)  # 6 GB, which pytest would keep for three runs


def test_a_new_user_does_what_the_readme_says(newcomer: Newcomer, chromium: Browser) -> None:
    is_the_wheel(newcomer)
    with taking("run"):
        first = run(newcomer)
    with taking("report in Chromium"):
        look_at(first, chromium)
    with taking("MLflow"):
        find_in_mlflow(newcomer, first)
    with taking("run again"):
        again = run_again(newcomer)
    with taking("verify and sign"):
        verify_and_sign(newcomer, again)
    with taking("accept"):
        accept(newcomer, again)
    with taking("one setting changed"):
        changed = run_with_another_limit(newcomer, again)
    with taking("compare"):
        compare(newcomer, again, changed)
    with taking("explain"):
        explain(newcomer, changed)
    with taking("sample"):
        sample(newcomer)
    with taking("pdf"):
        print_on_paper(newcomer, changed)
    with taking("clean"):
        clean(newcomer, going=[first], staying=[again, changed])
    ports = free_port(), free_port()
    places = ("--prefect-port", str(ports[0]), "--mlflow-port", str(ports[1]))
    with taking("up"):
        go_up(newcomer, ports, places)
    with taking("schedule"):
        have_it_run_by_itself(newcomer, ports, places, again)
    with taking("down"):
        go_down(newcomer, places)
    what_is_left(newcomer)


@contextmanager
def taking(step: str) -> Iterator[None]:
    """Says how long a step took; `python -m tests.story` shows it."""
    began = time.monotonic()
    yield
    print(f"{step:24}{time.monotonic() - began:7.1f} s")


WHERE = """
import platform, latent_audit, latent_audit.tasks.settings.shipped as shipped
from importlib.metadata import version
print(latent_audit.__file__, shipped.deployments(), sep="\\n")
names = "torch torchvision prefect fastapi sqlalchemy mlflow numpy scipy pandas scikit-learn pydantic".split()
print("Python", platform.python_version(), *(f"{name} {version(name)}" for name in names))
"""


def is_the_wheel(newcomer: Newcomer) -> None:
    *places, versions = newcomer.run(newcomer.programs / "python", "-c", WHERE).stdout.splitlines()
    assert [Path(place).is_relative_to(newcomer.programs.parent) for place in places] == [True, True]
    print(f"\n{versions}")
    assert "latent-audit run configs/celeba.yaml" in newcomer.done("--help")
    assert yaml.safe_load(newcomer.done("settings", "configs/celeba.yaml"))["data"]["kind"] == "celeba"


def run_folder(newcomer: Newcomer, printed: str) -> Path:
    """Returns the folder that the last lines of a run name; runs/latest must lead to it."""
    last = re.fullmatch(r"\nreport: (runs/klein/[\w-]+)/report\.html\nMLflow: latent-audit ui\n", printed)
    assert last is not None, printed
    folder = newcomer.folder / last[1]
    assert (newcomer.folder / "runs" / "latest").resolve() == folder.resolve()
    return folder


def run(newcomer: Newcomer) -> Path:
    """The words of README's "Your own images", with a settings file that makes it short."""
    folder = run_folder(newcomer, newcomer.done("run", "klein.yaml"))
    audit = read_audit(folder)
    assert audit["data"]["images"] == IMAGES
    assert {row["name"]: row["kind"] for row in audit["data"]["attributes"]} == {
        "Größe": "continuous", "Form": "binary"
    }  # fmt: skip
    assert audit["failed"] == []
    assert words_of(audit)["Form"] != "not_supported"
    return folder


def words_of(audit: dict[str, Any]) -> dict[str, str]:
    return {row["attribute"]: row["verdict"] for row in audit["verdicts"]}


def says_of(says: Messages, attribute: str) -> str:
    """Returns what the report calls an attribute of the sprites."""
    return says.known(f"called.sprites.{attribute}", attribute)


def look_at(folder: Path, chromium: Browser) -> None:
    """What is seen without a click or a scroll, and whether the page complains."""
    says = load("en")
    with new_page(chromium) as page:
        watched = watch(page, folder / "report.html", None)
        expect(page.locator("h1")).to_be_in_viewport()
        for attribute in words_of(read_audit(folder)):
            row = page.locator(
                "#summary table.verdicts tbody tr", has=page.get_by_text(says_of(says, attribute))
            )
            expect(row.first).to_be_in_viewport(ratio=1)
            expect(row.first.locator(".mark").first).to_be_visible()
        picture = page.screenshot()
        assert picture.startswith(PICTURE)
        assert len(picture) > 20_000  # an empty page of this size has 5,000
        assert watched.asked == []
        assert watched.complaints() == []


def find_in_mlflow(newcomer: Newcomer, folder: Path) -> None:
    """By the command that the run's last line names."""
    address, log = f"http://127.0.0.1:{free_port()}", newcomer.folder.parent / "ui.log"
    words = [newcomer.command, "ui", "--port", address.rpartition(":")[2]]
    with log.open("w") as file:
        ui = subprocess.Popen(words, cwd=newcomer.folder, env=newcomer.environment, stdout=file, stderr=file)
        try:
            wait_until_healthy(f"{address}/health", ui, log)
            assert httpx.get(address).status_code == 401
            with by_rest.signed_in(newcomer.folder / "artifacts") as client:
                (audit,) = by_rest.audits(client, address, "klein")
                assert by_rest.report(client, address, audit) == (folder / "report.html").read_bytes()
        finally:
            ui.send_signal(signal.SIGINT)
            ended = ui.wait(timeout=60)
    assert ended == 0
    assert log.read_text().startswith(f"MLflow: {address}  (Ctrl-C ends it)\n")


def run_again(newcomer: Newcomer) -> Path:
    """Every finished stage is reused, and the same comes out."""
    ended = newcomer.audit("run", "klein.yaml")
    assert ended.returncode == 0
    stages = re.findall(r"^ \d:\d\d  (\D+?\d?): (.+)$", ended.stderr, re.MULTILINE)
    assert {name for name, how in stages if how != "reused"} == {"rendering"}
    assert len(stages) > 15
    folder = run_folder(newcomer, ended.stdout)
    first, second = sorted((newcomer.folder / "runs" / "klein").glob("*/audit.json"))
    assert first.read_bytes() == second.read_bytes()
    return folder


def verify_and_sign(newcomer: Newcomer, folder: Path) -> None:
    digest = digest_of_file(folder / "manifest.json")
    whole = newcomer.done("verify", "runs/latest").splitlines()
    assert whole[0].startswith("whole: ")
    assert whole[-2:] == ["not signed", f"SHA-256 of manifest.json: {digest}"]
    made = newcomer.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "mein Schlüssel")
    assert made.returncode == 0, made
    print_of_key = newcomer.run("ssh-keygen", "-lf", "mein Schlüssel.pub").stdout.split()[1]
    assert newcomer.done("sign", "runs/latest", "--key", "mein Schlüssel") == f"signed by {print_of_key}\n"
    signed = newcomer.done("verify", "runs/latest", "--key", "mein Schlüssel.pub", "--digest", digest)
    assert signed.splitlines()[-2] == f"signed by {print_of_key}"


def accept(newcomer: Newcomer, folder: Path) -> None:
    words = ("--by", "Jörg Müller", "--over_time.audited_from_supported", "0")
    assert newcomer.done("accept", "runs/latest", *words) == (
        f"accepted: {folder.name}\naudited in MLflow: klein-vae-encoder, klein-vae-decoder\n"
    )
    note = json.loads((folder.parent / "accepted.jsonl").read_text(encoding="utf-8"))
    assert (note["run_id"], note["by"]) == (folder.name, "Jörg Müller")


def run_with_another_limit(newcomer: Newcomer, accepted: Path) -> Path:
    """What does not depend on it is reused, and the run says what changed since the accepted one."""
    ended = newcomer.audit("run", "klein.yaml", *OUT_OF_REACH)
    assert ended.returncode == 0
    for stage in ("training vae seed 0", "probing vae seed 0", "drawing maps of vae seed 0"):
        assert f"{stage}: reused" in ended.stderr
    assert re.search(r"reaching verdicts: \d", ended.stderr)
    folder = run_folder(newcomer, ended.stdout)
    before, after = words_of(read_audit(accepted)), words_of(read_audit(folder))
    assert set(after.values()) == {"not_supported"}
    says = load("en")
    changed = [line for line in ended.stderr.splitlines() if line.startswith("changed since")]
    moved = {row["attribute"]: (row["rung"], row["verdict"]) for row in read_audit(accepted)["where"]}
    still = {row["attribute"]: (row["rung"], row["verdict"]) for row in read_audit(folder)["where"]}
    assert len([line for line in changed if ": place " in line]) == len(
        set(moved.items()) - set(still.items())
    )
    assert [line for line in changed if ": place " not in line] == [
        f"changed since the last accepted run: vae, {name}: {says(f'verdict.{word}')}, now Not supported"
        for name, word in before.items()
        if word != "not_supported"
    ]
    assert json.loads((folder / "run.json").read_text())["since_accepted"]["run_id"] == accepted.name
    return folder


def compare(newcomer: Newcomer, first: Path, second: Path) -> None:
    told = newcomer.done("compare", f"runs/klein/{first.name}", "runs/latest", "--html", "Änderungen.html")
    assert f"From klein/{first.name} to klein/{second.name}." in told
    (limit,) = [line.split() for line in told.splitlines() if line.startswith("  thresholds.")]
    assert limit == ["thresholds.uncertainty_min", "0.20", "1.50"]
    page = (newcomer.folder / "Änderungen.html").read_text(encoding="utf-8")
    assert "thresholds.uncertainty_min" in page
    assert "Form" in page


def explain(newcomer: Newcomer, folder: Path) -> None:
    """One of the user's own files, with the run as it was before."""
    sealed = digest_of_file(folder / "manifest.json")
    told = newcomer.done(
        "explain", "runs/latest", "Meine Bilder/Bild 0003 für mich.png", "--attribute", "Form"
    )
    (name,) = re.findall(r"^explanation: (bild-0003-f.*-explained\.html)$", told, re.MULTILINE)
    page = (newcomer.folder / name).read_text(encoding="utf-8")
    assert told.splitlines()[-2] in page.replace("&#39;", "'")
    assert "The attribute classifier says that Form is " in page
    assert newcomer.done("verify", "runs/latest").startswith("whole: ")
    assert digest_of_file(folder / "manifest.json") == sealed
    (newcomer.folder / name).unlink()


def sample(newcomer: Newcomer) -> None:
    told = newcomer.done("sample", "runs/latest", "--number", "3", "--output", "Muster")
    assert told == "3 images and codes.csv: Muster\n"
    pictures = sorted((newcomer.folder / "Muster").glob("*.png"))
    assert [picture.read_bytes().startswith(PICTURE) for picture in pictures] == [True] * 3
    shutil.rmtree(newcomer.folder / "Muster")


def print_on_paper(newcomer: Newcomer, folder: Path) -> None:
    paper = folder.with_name(f"{folder.name}.pdf")
    assert newcomer.done("pdf", "runs/latest") == f"{paper}\n"
    data = paper.read_bytes()
    assert data.startswith(b"%PDF-")
    assert pages(data) > 5


def clean(newcomer: Newcomer, going: list[Path], staying: list[Path]) -> None:
    words = ("clean", "--days", "0", "--keep", "0")
    listed = newcomer.done(*words).splitlines()
    runs = [line.split()[-1] for line in listed if line.startswith("run ")]
    assert runs == [f"runs/klein/{run.name}" for run in going]
    assert all(run.is_dir() for run in (*going, *staying))
    assert newcomer.done(*words, "--yes").splitlines()[-1].endswith("folders removed")
    assert not any(run.exists() for run in going)
    assert newcomer.done("verify", f"runs/klein/{staying[0].name}").startswith("whole: ")
    assert all(run.is_dir() for run in staying)


def go_up(newcomer: Newcomer, ports: tuple[int, int], places: tuple[str, ...]) -> None:
    """With the deployments that come with the program, as there is no prefect.yaml here."""
    ended = newcomer.audit("up", "--deploy", *places)
    assert ended.returncode == 0, ended
    rows = [line.split() for line in ended.stdout.splitlines()]
    assert rows == [
        ["prefect-server", "well", f"http://127.0.0.1:{ports[0]}"],
        ["mlflow", "well", f"http://127.0.0.1:{ports[1]}"],
        ["prefect-worker", "well"],
    ]
    assert "there was no prefect.yaml in this folder" in ended.stderr
    assert str(newcomer.folder / "artifacts" / "services" / "password") in ended.stderr
    assert newcomer.done("status", *places) == ended.stdout
    with by_rest.signed_in(newcomer.folder / "artifacts") as client:
        found = client.post(f"http://127.0.0.1:{ports[0]}/api/deployments/filter", json={}).json()
    due = {one["name"]: [schedule["schedule"]["cron"] for schedule in one["schedules"]] for one in found}
    assert due == {"nightly-sprites": ["30 2 * * *"], "weekly-celeba": ["0 4 * * 0"]}


def have_it_run_by_itself(
    newcomer: Newcomer, ports: tuple[int, int], places: tuple[str, ...], accepted: Path
) -> None:
    """The user's own audit in the user's prefect.yaml: it fires, and finds nothing changed since the accepted run."""
    file = newcomer.folder / "prefect.yaml"
    written = yaml.safe_load(file.read_text())
    settings = yaml.safe_load((newcomer.folder / "klein.yaml").read_text(encoding="utf-8"))
    mine = {**written["deployments"][0], "name": "klein", "parameters": {"settings": settings}}
    written["deployments"] = [{**mine, "schedules": [{"interval": 10}]}]
    file.write_text(yaml.safe_dump(written))
    assert newcomer.audit("up", "--deploy", *places).returncode == 0
    prefect, mlflow = (f"http://127.0.0.1:{port}" for port in ports)
    with by_rest.signed_in(newcomer.folder / "artifacts") as client:
        by_rest.first_finished_run(client, f"{prefect}/api", newcomer.folder / "artifacts")
        newest, *earlier = by_rest.audits(client, mlflow, "klein")
        audited = {
            part: client.get(
                f"{mlflow}/api/2.0/mlflow/registered-models/alias",
                params={"name": f"klein-vae-{part}", "alias": "audited"},
            ).json()["model_version"]["name"]
            for part in ("encoder", "decoder")
        }
    assert audited == {"encoder": "klein-vae-encoder", "decoder": "klein-vae-decoder"}
    assert by_rest.tags(newest)["compared_with"] == accepted.name
    assert [by_rest.tags(one).get("accepted_by") for one in (newest, *earlier)].count("Jörg Müller") == 1
    folder = newcomer.folder / "runs" / "klein" / by_rest.tags(newest)["run_id"]
    assert json.loads((folder / "run.json").read_text())["since_accepted"]["changed"] is False
    assert (folder / "audit.json").read_bytes() == (accepted / "audit.json").read_bytes()


def go_down(newcomer: Newcomer, places: tuple[str, ...]) -> None:
    assert newcomer.done("down", *places) == "ended: prefect-worker, mlflow, prefect-server\n"
    assert processes_of(str(newcomer.folder)) == []
    ended = newcomer.audit("status", *places)
    assert (ended.returncode, ended.stdout.count("not running")) == (1, 3)


def what_is_left(newcomer: Newcomer) -> None:
    assert {path.name for path in newcomer.folder.iterdir()} == {
        "Meine Bilder", "Meine Etiketten.csv", "klein.yaml", "artifacts", "runs", "mein Schlüssel",
        "mein Schlüssel.pub", "Änderungen.html", "prefect.yaml",
    }  # fmt: skip
    home = Path(newcomer.environment["HOME"])
    # What desktop programs and matplotlib keep for every user of theirs.
    assert {path.name for path in home.iterdir()} <= {".cache", ".config", ".pki"}
