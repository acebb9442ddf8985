"""The same audit on clusters and through a store in S3: a real scheduler, a real head, a real server, same bytes."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec
import httpx
import pytest

from tests.audits.tiny_audit import SMALLEST, command_environment
from tests.left_behind import CHAOS_HOME, processes_of
from tests.ports import free_port

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(900)]
BUCKET = "audits"
# Dask's own pages would listen on every address of the machine, and on a port that another scheduler may have.
PAGES = ("--dashboard-address", "127.0.0.1:0")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clusters")
    (folder / "smallest.yaml").write_text(SMALLEST)
    return folder


@pytest.fixture(scope="module")
def environment(home: Path, pytestconfig: pytest.Config) -> Iterator[Mapping[str, str]]:
    """Of everything that runs here, with the address of an S3 server of ours and the key to it."""
    assert pytestconfig.cache is not None
    port = free_port()
    s3 = {
        "AWS_ACCESS_KEY_ID": "auditor",
        "AWS_SECRET_ACCESS_KEY": "never-in-a-log",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    given = {
        **command_environment(pytestconfig.cache.mkdir("numba")),
        **s3,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": "never-in-a-log-" + "0" * 32,
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else it listens on every address of the machine
        CHAOS_HOME: str(home),
        "LATENT_AUDIT_WORKER_STORE": str(home / "workers"),
    }
    with running("moto_server", "-H", "127.0.0.1", "-p", str(port), home=home, environment=given):
        wait_until(lambda: httpx.get(s3["AWS_ENDPOINT_URL"]).status_code == 200)
        files = fsspec.filesystem(
            "s3", key="auditor", secret="never-in-a-log", endpoint_url=s3["AWS_ENDPOINT_URL"]
        )
        files.mkdir(BUCKET)
        yield given


@pytest.fixture(scope="module")
def audits(home: Path, environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """How each audit ended, by the name of its store; made in one process, as tests/end_to_end does."""
    scheduler, head = f"tcp://127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    s3 = ("--run.shared_store", f"s3://{BUCKET}/one")
    asked = {
        "thread": ("--compute.runner", "thread"),
        "dask": ("--compute.runner", "dask", "--compute.address", scheduler),
        "ray": ("--compute.runner", "ray", "--compute.address", head),
        "s3": ("--compute.runner", "dask", "--compute.address", scheduler, *s3),
        "another machine": ("--compute.runner", "thread", *s3),
    }
    words = [
        ["run", "smallest.yaml", "--run.store", name, "--run.output", f"runs of {name}", *given]
        for name, given in asked.items()
    ]
    with dask(scheduler, home, environment), ray(head, home, environment):
        result = home / "results.json"
        subprocess.run(
            [sys.executable, "-m", "tests.audits.one_process", str(result)],
            input=json.dumps([{"words": one, "largest_file": 0} for one in words]),
            cwd=home,
            env=environment,
            text=True,
            check=True,
            timeout=800,
        )
    return dict(zip(asked, json.loads(result.read_text()), strict=True))


@contextmanager
def dask(address: str, home: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """A scheduler and two workers of one thread each, as docs/scale.md starts them."""
    host, port = address.removeprefix("tcp://").split(":")
    places: dict[str, Any] = {"home": home, "environment": environment}
    with ExitStack() as stack:
        stack.enter_context(running("dask", "scheduler", "--host", host, "--port", port, *PAGES, **places))
        workers = ("--nworkers", "2", "--nthreads", "1", "--host", host, *PAGES)
        stack.enter_context(running("dask", "worker", address, *workers, **places))
        yield


@contextmanager
def ray(address: str, home: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """A head with two workers."""
    host, port = address.split(":")
    words = ("--head", "--node-ip-address", host, "--port", port, "--num-cpus", "2", "--block")
    with running("ray", "start", *words, "--include-dashboard=false", home=home, environment=environment):
        wait_until(lambda: listens(host, int(port)))
        yield


@contextmanager
def running(program: str, *words: str, home: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """A program of this Python's environment, ended on leaving."""
    with (home / f"{program}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(program)), *words], cwd=home, env=environment, stdout=log, stderr=log
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_every_runner_makes_the_same_audit(audits: dict[str, dict[str, Any]], home: Path) -> None:
    for name, ended in audits.items():
        assert ended["code"] == 0, (name, ended)
        assert "Traceback" not in ended["err"], (name, ended["err"])
    found = {name: audit_of(home, name).read_bytes() for name in audits}
    assert [name for name in found if found[name] != found["thread"]] == []


def test_the_clusters_computed_and_say_how_many_they_are(
    audits: dict[str, dict[str, Any]], home: Path
) -> None:
    for name in ("dask", "ray", "s3"):
        assert reused(home, name) == {False}
        facts = json.loads(audit_of(home, name).with_name("run.json").read_text())
        assert facts["hardware"]["workers"] == 2
        assert re.search(r": [\d,]+/[\d,]+", audits[name]["err"]), "no progress came over the cluster"


def test_what_travels_goes_through_the_shared_store(audits: dict[str, dict[str, Any]], home: Path) -> None:
    worked = {path.parents[1].name for path in (home / "workers").glob("*/*/manifest.json")}
    assert {"train", "encode", "probe", "verdicts"} <= worked


def test_another_machine_computes_nothing(audits: dict[str, dict[str, Any]], home: Path) -> None:
    assert reused(home, "another machine") == {True}


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_what_a_killed_run_was_computing_stops(
    kind: str, home: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    place = f"127.0.0.1:{free_port()}"
    cluster = {"dask": dask, "ray": ray}[kind]
    address = f"tcp://{place}" if kind == "dask" else place
    with cluster(address, home, environment):
        waiting = (
            "import sys; from pathlib import Path; "
            "from latent_audit.tasks.execution.runners.work_item import WorkItem; "
            "from latent_audit.tasks.execution.workers import Workers; "
            "from tests.tasks.execution.toy_stages import WAIT; "
            "kind, address, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])\n"
            "with Workers(1, lambda report: (place / 'begun').touch(), kind, address) as workers:\n"
            "    workers.run(WorkItem(WAIT, 'key', 'run', 'waiting', {}, 'cpu', place / 'files', place, place))"
        )
        (tmp_path / "files").mkdir()
        run = subprocess.Popen(
            [sys.executable, "-c", waiting, kind, address, str(tmp_path)], cwd=home, env=environment
        )
        wait_until((tmp_path / "begun").exists)
        run.kill()
        run.wait()
        # Dask's stage is told and saves; Ray ends the process that computes it.
        if kind == "dask":
            wait_until((tmp_path / "checkpoint.txt").exists)
        else:
            wait_until(lambda: not any("ray::_work" in command for command in processes_of(str(home))))


def test_no_key_of_s3_gets_out(audits: dict[str, dict[str, Any]], home: Path) -> None:
    for path in home.rglob("*"):
        if path.is_file():
            assert b"never-in-a-log" not in path.read_bytes(), path
    assert not any("never-in-a-log" in ended["out"] + ended["err"] for ended in audits.values())


def listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if holds():
                return
        time.sleep(0.1)
    pytest.fail("a server did not start in a minute")


def audit_of(home: Path, name: str) -> Path:
    return home / f"runs of {name}" / "latest" / "audit.json"


def reused(home: Path, name: str) -> set[bool]:
    """Returns what a run's ledger says of all its stages."""
    lines = audit_of(home, name).with_name("ledger.jsonl").read_text().splitlines()
    return {json.loads(line)["reused"] for line in lines}
