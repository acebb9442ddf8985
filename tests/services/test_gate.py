"""The servers of `latent-audit up`, by raw requests: without the password, or from a page elsewhere, they refuse."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from latent_audit.tasks.execution import processes
from tests.audits.tiny_audit import command_environment
from tests.left_behind import CHAOS_HOME, processes_of
from tests.ports import free_port

pytestmark = pytest.mark.timeout(900)
ATTACKER = "http://evil.example"


@dataclass(frozen=True)
class Up:
    """Services that run, and the command that ends them."""

    home: Path
    prefect: int
    mlflow: int
    environment: dict[str, str]
    said: str

    def command(self, name: str) -> subprocess.CompletedProcess[str]:
        places = ["--prefect-port", str(self.prefect), "--mlflow-port", str(self.mlflow)]
        return subprocess.run(
            [sys.executable, "-m", "latent_audit.flows.cli.main", name, *places],
            cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    @property
    def sign_in(self) -> str:
        return (self.home / "artifacts" / "services" / "password").read_text().strip()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Up]:
    assert pytestconfig.cache is not None
    home = tmp_path_factory.mktemp("gate")
    environment = {**command_environment(pytestconfig.cache.mkdir("numba")), CHAOS_HOME: str(home)}
    services = Up(home, free_port(), free_port(), environment, "")
    started = services.command("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield Up(home, services.prefect, services.mlflow, environment, started.stdout + started.stderr)
    services.command("down")
    assert processes_of(str(home)) == []


def asked(port: int, path: str, **headers: str) -> int:
    """Returns the status of a request to an API that changes nothing."""
    address = f"http://127.0.0.1:{port}{path}"
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(address, json={"max_results": 1}, headers=kept, timeout=30).status_code


def paths(up: Up) -> list[tuple[int, str]]:
    return [
        (up.prefect, "/api/flows/filter"),
        (up.mlflow, "/api/2.0/mlflow/experiments/search"),
        (up.mlflow, "/ajax-api/2.0/mlflow/experiments/search"),
    ]


def basic(sign_in: str) -> str:
    return f"Basic {base64.b64encode(sign_in.encode()).decode()}"


def test_only_who_knows_the_password_gets_in(up: Up) -> None:
    for port, path in paths(up):
        assert asked(port, path) == 401
        assert asked(port, path, authorization=basic("latent-audit:")) == 401
        assert asked(port, path, authorization=basic(f"{up.sign_in}x")) == 401
        assert asked(port, path, authorization="Basic %%%") == 401
        assert asked(port, path, authorization=basic(up.sign_in)) == 200


def test_pages_of_other_origins_and_other_hosts_are_refused_also_with_the_password(up: Up) -> None:
    """Another port of this machine is another origin: there may be another user's page."""
    known = {"authorization": basic(up.sign_in)}
    for port, path in paths(up):
        assert asked(port, path, origin=ATTACKER, **known) == 403
        assert asked(port, path, origin="null", **known) == 403
        assert asked(port, path, origin="http://127.0.0.1:9", **known) == 403
        assert asked(port, path, sec_fetch_site="cross-site", **known) == 403
        assert asked(port, path, sec_fetch_site="same-site", **known) == 403
        assert asked(port, path, host="evil.example", **known) == 403
        assert asked(port, path, host=f"127.0.0.1.evil.example:{port}", **known) == 403
        assert asked(port, path, origin=f"http://127.0.0.1:{port}", **known) == 200
        assert asked(port, path, host=f"localhost:{port}", origin=f"http://localhost:{port}", **known) == 200


def test_no_page_is_told_that_it_may_ask(up: Up) -> None:
    """What a browser asks before a page of another origin may send JSON."""
    for port, path in paths(up):
        wanted = {"origin": ATTACKER, "access-control-request-method": "POST"}
        answer = httpx.options(f"http://127.0.0.1:{port}{path}", headers=wanted, timeout=30)
        assert answer.status_code in (401, 403)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/api/events/in", "/api/events/out", "/api/logs/out"])
def test_no_page_opens_a_socket(up: Up, path: str) -> None:
    for headers in (f"Origin: {ATTACKER}", f"Origin: http://127.0.0.1:{up.prefect}"):
        answer = upgraded(up.prefect, path, headers)
        # Of our own pages Prefect wants the password as the first message.
        assert ("101" in answer) == (ATTACKER not in headers), answer


def upgraded(port: int, path: str, header: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: prefect\r\n{header}\r\n\r\n".encode()
        )
        return connection.recv(4096).decode(errors="replace").split("\r\n")[0]


def test_a_person_finds_the_pages_and_the_password(up: Up) -> None:
    file = up.home / "artifacts" / "services" / "password"
    assert file.stat().st_mode & 0o777 == 0o600
    for said in (up.said, up.command("status").stderr):
        assert str(file) in said
        assert up.sign_in.partition(":")[2] not in said
    page = httpx.get(f"http://127.0.0.1:{up.mlflow}/", timeout=30)
    assert (page.status_code, page.headers["www-authenticate"].partition(" ")[0]) == (401, "Basic")
    settings = httpx.get(f"http://127.0.0.1:{up.prefect}/ui-settings", timeout=30)
    assert settings.json()["auth"] == "BASIC"  # its page asks for it


def test_the_password_is_on_no_command_line_and_databases_are_private(up: Up) -> None:
    ours = [process for process in Path("/proc").glob("[0-9]*") if belongs(process, up.home)]
    assert len(ours) >= 4
    words = b" ".join((process / "cmdline").read_bytes() for process in ours)
    assert up.sign_in.partition(":")[2].encode() not in words
    databases = list((up.home / "artifacts").rglob("*.db*"))
    assert {path.name for path in databases} >= {"prefect.db", "mlflow.db"}
    assert {path.stat().st_mode & 0o077 for path in databases} == {0}


def belongs(process: Path, home: Path) -> bool:
    try:
        return f"{CHAOS_HOME}={home}".encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def test_a_server_whose_launcher_was_killed_is_found_and_ended(up: Up) -> None:
    """Last here: it ends what the others need."""
    note = json.loads((up.home / "artifacts" / "services" / "mlflow.json").read_text())
    left = processes.of_session(note["pid"], note["began"])
    assert len(left) >= 2
    os.kill(note["pid"], signal.SIGKILL)
    assert "mlflow          well" in up.command("status").stdout
    assert up.command("down").stdout == "ended: prefect-worker, mlflow, prefect-server\n"
    assert not any(process.is_alive() for process in left)
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", up.mlflow))
