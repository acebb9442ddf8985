"""Places that cannot be used: said at once, by the command that users call."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from latent_audit.tasks.errors import StoreError, TrackingError
from latent_audit.tasks.settings.writable import refuse_unwritable
from latent_audit.tasks.tracking.address import refuse_dead
from tests.ports import free_port


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", "File exists|Not a directory"),
        ("file/below", "Not a directory"),
        ("dangling", "File exists|No such file"),
        ("loop", "Too many levels|File exists"),
        ("n" * 300, "File name too long"),
        ("a\0b", "null byte"),
        ("/proc/nothing", "No such file|denied"),
        ("/dev/null", "exists|Not a directory"),
    ],
)
def test_an_impossible_output_is_said_and_nothing_is_left(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to("nowhere/at/all")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match=rf"^run\.output is .* \(.*(?:{reason}).*\): give a folder"):
        refuse_unwritable(tmp_path / name, "run.output")
    refuse_unwritable(tmp_path / "new" / "folder", "run.output")
    assert sorted(tmp_path.rglob("*")) == before


def command(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *words],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[3]), **environment},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


# The command, on a machine without a driver for PostgreSQL.
BLOCKED = """
import sys
sys.modules["psycopg2"] = None
from latent_audit.flows.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_command_says_an_impossible_output(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    ended = command(tmp_path, "run", "--run.output", "file")
    assert ended.returncode == 1
    assert ended.stderr.startswith("latent-audit: run.output is 'file', where nothing can be written")
    assert "Traceback" not in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_the_command_names_the_extra_of_a_driver(tmp_path: Path) -> None:
    ended = command(tmp_path, "run", "--tracking.uri", "postgresql://ada:s3/cret@127.0.0.1:1/mlflow")
    assert ended.returncode == 1
    assert "pip install 'latent-audit[postgresql]'" in ended.stderr
    assert "cret" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a listener whose queue is full: connections are neither taken nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


def test_a_dead_store_is_said_within_ten_seconds(silent: int) -> None:
    for uri, reason in (
        (f"http://127.0.0.1:{free_port()}", "refused"),
        (f"postgresql://ada:s3cret@127.0.0.1:{free_port()}/mlflow", "refused"),
        (f"http://127.0.0.1:{silent}", "timed out|no answer"),
        ("http://no-such-host.invalid:5000", "not known|resolution|No address"),
        ("http://", "names no host"),
        ("http://[", "no usable address"),
        ("http://127.0.0.1:99999", "no usable address"),
        ("mysql://127.0.0.1/x", "needs a driver that is not installed"),
    ):
        began = time.monotonic()
        with pytest.raises(TrackingError, match=reason) as caught:
            refuse_dead(uri)
        assert time.monotonic() - began < 10
        assert "s3cret" not in str(caught.value)
    refuse_dead("sqlite:////srv/mlflow.db")
    refuse_dead("databricks")


def test_the_command_says_a_dead_server_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = command(tmp_path, "run", MLFLOW_TRACKING_URI=f"http://127.0.0.1:{free_port()}")
    assert time.monotonic() - began < 60  # on a machine that runs other tests
    assert ended.returncode == 1
    assert "is not reached" in ended.stderr
    assert "Traceback" not in ended.stderr
