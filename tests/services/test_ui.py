"""latent-audit ui ends with all that it started, however it is told to."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.audits.tiny_audit import COMMAND, command_environment
from tests.left_behind import CHAOS_HOME, processes_of
from tests.mlflow_server import wait_until_healthy
from tests.ports import free_port


# SIGINT is sent in tests/browser/test_mlflow.py.
@pytest.mark.endurance
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_command_alone_ends_its_server(number: signal.Signals, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "ui.log"
    with log.open("w") as file:
        ui = subprocess.Popen(
            [COMMAND, "ui", "--port", str(port)],
            cwd=tmp_path,
            env={**command_environment(tmp_path), CHAOS_HOME: str(tmp_path)},
            stdout=file,
            stderr=file,
        )
        wait_until_healthy(f"http://127.0.0.1:{port}/health", ui, log)
        assert len(processes_of(str(tmp_path))) >= 2
        ui.send_signal(number)
        assert ui.wait(timeout=60) == 0
    assert processes_of(str(tmp_path)) == []
