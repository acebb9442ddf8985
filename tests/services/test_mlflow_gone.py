"""MLflow's server stopped, killed and started again while a run tells it something: nothing is lost or doubled."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.execution import processes
from latent_audit.tasks.services import service
from latent_audit.tasks.services.all_services import ServiceSettings, services
from latent_audit.tasks.services.service import Service
from latent_audit.tasks.storage.sign_in import for_mlflow_clients, kept_sign_in
from latent_audit.tasks.tracking import connection
from latent_audit.tasks.tracking.run_log import Tracker
from tests.ports import free_port

CURVE: dict[str, dict[str, list[float]]] = {
    "loss": {"step": list(range(2500)), "value": [float(step) for step in range(2500)]}
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    port = free_port()
    (tmp_path / "mlflow").mkdir()
    (one,) = (each for each in services(ServiceSettings(tmp_path, mlflow_port=port)) if each.name == "mlflow")
    try:
        service.begin(one, tmp_path)
        service.wait_until_well(one, tmp_path, 600)
        for name, value in for_mlflow_clients(kept_sign_in(tmp_path)).items():
            monkeypatch.setenv(name, value)
        yield one
    finally:
        service.end(one.name, tmp_path)


def everything_of(server: Service, folder: Path) -> list[processes.Process]:
    process = service.state(server, folder).process
    assert process is not None
    return processes.tree(process.pid)


@pytest.mark.endurance
def test_a_server_that_is_gone_for_a_while(
    server: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.address is not None
    tracker = Tracker(server.address, "gone", tmp_path)
    monkeypatch.setattr(connection, "SILENT_SECONDS", 1.0)
    said: list[str] = []
    tracker.on_wait = said.append
    run = tracker.start("vae seed 0", parent=None, params={}, tags={"run_id": "r", "seed": "0"})

    # It hangs while it is told a curve.
    tree = everything_of(server, tmp_path)
    for process in tree:
        os.kill(process.pid, signal.SIGSTOP)
    waking = threading.Timer(2, lambda: [os.kill(process.pid, signal.SIGCONT) for process in tree])
    waking.start()
    tracker.log(run, curves=CURVE)
    waking.join()
    assert said[0] == f"MLflow's store {server.address} does not answer; waiting for it"

    # It dies, and is started again while it is told more.
    for process in tree:
        os.kill(process.pid, signal.SIGKILL)
    again = threading.Timer(1, lambda: service.begin(server, tmp_path))
    again.start()
    tracker.log(run, metrics={"seconds.train": 2.0})
    tracker.log(run, curves=CURVE)  # once more, as a run that goes on would
    tracker.finish(run)
    again.join()
    client = mlflow.MlflowClient(tracking_uri=server.address, registry_uri=server.address)
    assert [point.step for point in client.get_metric_history(run, "loss")] == list(range(2500))
    assert client.get_run(run).data.metrics["seconds.train"] == 2.0
    assert client.get_run(run).info.status == "FINISHED"

    # It is gone for good.
    processes.end(everything_of(server, tmp_path), 5)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with pytest.raises(
        TrackingError, match=r"MLflow's store http://127.* cannot be used: .*Start its server"
    ):
        tracker.finish(run)
