"""The services for real: deployed, a schedule that fires, an audit by the worker, its report in MLflow, and an end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.audits.tiny_audit import COMMAND, REPOSITORY, SMALLEST, command_environment
from tests.left_behind import CHAOS_HOME, processes_of
from tests.ports import free_port
from tests.services import by_rest

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(2400)]
STORE = "store of services"


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a prefect.yaml as ours, of one small audit that is due every minute."""
    deployment = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())
    (first, *_) = deployment["deployments"]
    # In one thread: what computes is not what is tested here.
    settings = {**yaml.safe_load(SMALLEST), "run": {"name": "minutely"}, "compute": {"runner": "thread"}}
    first.update(name="minutely", parameters={"settings": settings}, schedules=[{"cron": "* * * * *"}])
    deployment["deployments"] = [first]
    (tmp_path / "prefect.yaml").write_text(yaml.safe_dump(deployment))
    return tmp_path


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> list[str]:
    """The words that give the servers their databases."""
    if request.param == "sqlite":
        return []
    address = request.getfixturevalue("postgresql")
    return [
        *("--prefect-database", f"postgresql+asyncpg://{address}/prefect"),
        *("--mlflow-database", f"postgresql://{address}/mlflow"),
    ]


@pytest.fixture
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of Debian's package on a port of its own, with two databases; yields user, host and port."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not programs:
        reason = "PostgreSQL is not installed (Debian: apt install postgresql)"
        if os.environ.get("LATENT_AUDIT_REFUSE_SKIPS"):
            pytest.fail(reason)
        pytest.skip(reason)
    place, port = Path(tempfile.mkdtemp(prefix="audit-pg-")), free_port()
    # It refuses to run as root; its package has a user for it.
    user = "postgres" if os.getuid() == 0 else None
    if user:
        shutil.chown(place, user)

    def run(program: str, *words: str) -> None:
        whole = [str(programs[-1].with_name(program)), *words]
        subprocess.run(whole, user=user, cwd=place, check=True, timeout=120, stdout=subprocess.DEVNULL)

    data = str(place / "data")
    run("pg_ctl", "-D", data, "-s", "-w", "init", "-o", "--auth=trust --username=audit --no-sync")
    listening = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-D", data, "-s", "-w", "start", "-o", listening, "-l", str(place / "log"))
    for name in ("prefect", "mlflow"):
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "audit", name)
    yield f"audit:secret@127.0.0.1:{port}"
    run("pg_ctl", "-D", data, "-s", "-w", "stop", "-m", "immediate")
    shutil.rmtree(place)


@pytest.fixture
def ports() -> dict[str, int]:
    return {"prefect": free_port(), "mlflow": free_port()}


@pytest.fixture
def command(home: Path, ports: dict[str, int], pytestconfig: pytest.Config) -> Iterator[Command]:
    assert pytestconfig.cache is not None
    environment = {
        **command_environment(pytestconfig.cache.mkdir("numba")),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        CHAOS_HOME: str(home),
    }
    places = [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]

    def run(name: str, *words: str) -> subprocess.CompletedProcess[str]:
        whole = [COMMAND, name, "--store", STORE, *places, *words]
        return subprocess.run(
            whole, cwd=home, env=environment, capture_output=True, text=True, timeout=1800, check=False
        )

    yield run
    run("down")
    assert processes_of(str(home)) == []


def test_a_schedule_fires_and_its_report_is_in_mlflow(
    command: Command, ports: dict[str, int], home: Path, databases: list[str]
) -> None:
    assert "not running" in command("status").stdout
    impatient = command("up", "--wait", "0.01", *databases)
    # effect of up --wait
    assert (impatient.returncode, "prefect-server did not answer within 0 s" in impatient.stderr) == (1, True)
    up = command("up", "--deploy", "--wait", "600", *databases)
    assert up.returncode == 0, up.stdout + up.stderr
    assert [line.split()[:2] for line in up.stdout.splitlines()] == [
        ["prefect-server", "well"],
        ["mlflow", "well"],
        ["prefect-worker", "well"],
    ]
    # effect of up --mlflow-port
    assert f"http://127.0.0.1:{ports['mlflow']}" in up.stdout
    # Every user of the machine can read a command line, and nobody else's environment.
    running = processes_of(str(home))
    assert len(running) >= 3
    assert not [line for line in running if "audit:secret" in line or "secret@" in line]
    assert command("status").returncode == 0
    # What is asked of is what was named: another port does not answer, another store has no services.
    elsewhere = command("status", "--mlflow-port", str(free_port()))
    # effect of status --mlflow-port
    assert (elsewhere.returncode, elsewhere.stdout.count("does not answer")) == (1, 1)
    elsewhere = command("status", "--prefect-port", str(free_port()))
    # effect of status --prefect-port
    assert (elsewhere.returncode, "prefect-server  does not answer" in elsewhere.stdout) == (1, True)
    # effect of status --store
    assert command("status", "--store", "other").stdout.count("not running") == 3
    # effect of down --store
    assert command("down", "--store", "other").stdout == "nothing was running\n"
    api = f"http://127.0.0.1:{ports['prefect']}/api"
    with by_rest.signed_in(home / STORE) as client:
        fired = by_rest.first_finished_run(client, api, home / STORE)
        # effect of up --deploy --prefect-port
        assert seconds_until_taken(client, api, fired) < 60
        mlflow = f"http://127.0.0.1:{ports['mlflow']}"
        report = by_rest.report(client, mlflow, by_rest.audits(client, mlflow, "minutely")[0])
    assert b"<html" in report
    assert "minutely" in (home / "runs" / "latest").resolve().parts
    # effect of up --prefect-database --mlflow-database
    assert bool(list((home / STORE).rglob("*.db"))) == (not databases)
    kept = {path.name: path for path in (home / STORE / "services").iterdir()}
    # effect of up --store
    assert {path.stat().st_mode & 0o077 for path in (kept["password"].parent, *kept.values())} == {0}
    password = kept.pop("password").read_text().strip().partition(":")[2]
    assert not [
        path for path in kept.values() if "secret" in path.read_text() or password in path.read_text()
    ]
    down = command("down")
    assert down.stdout == "ended: prefect-worker, mlflow, prefect-server\n"
    assert processes_of(str(home)) == []
    assert command("down").stdout == "nothing was running\n"
    assert "not running" in command("status").stdout


def seconds_until_taken(client: httpx.Client, api: str, run: dict[str, Any]) -> float:
    """Returns how long after its time the worker took a scheduled run."""
    states = client.get(f"{api}/flow_run_states/", params={"flow_run_id": run["id"]}).json()
    taken = next(state["timestamp"] for state in states if state["type"] == "PENDING")
    expected = datetime.fromisoformat(run["expected_start_time"])
    return (datetime.fromisoformat(taken) - expected).total_seconds()
