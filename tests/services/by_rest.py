"""What the services say through HTTP, to a client that knows their password."""

import time
from pathlib import Path
from typing import Any

import httpx

AUDIT_SECONDS = 600.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def signed_in(store: Path) -> httpx.Client:
    """Returns a client that knows the password of a store's servers."""
    user, _, password = (store / "services" / "password").read_text().strip().partition(":")
    return httpx.Client(auth=(user, password), timeout=60)


def first_finished_run(client: httpx.Client, api: str, store: Path) -> dict[str, Any]:
    """Waits for the first run of a deployment that ends, and returns it; it must have completed."""
    asked = {"sort": "START_TIME_ASC", "flow_runs": {"deployment_id": {"is_null_": False}}}
    deadline = time.monotonic() + AUDIT_SECONDS
    while time.monotonic() < deadline:
        runs = client.post(f"{api}/flow_runs/filter", json=asked).json()
        ended = [run for run in runs if run["state_type"] in ENDED]
        if ended:
            log = store / "services" / "prefect-worker.log"
            assert ended[0]["state_type"] == "COMPLETED", (ended[0]["state"], log.read_text()[-3000:])
            found: dict[str, Any] = ended[0]
            return found
        time.sleep(1)
    raise TimeoutError(f"no run ended; {[(run['state_type'], run['expected_start_time']) for run in runs]}")


def audits(client: httpx.Client, mlflow: str, experiment: str) -> list[dict[str, Any]]:
    """Returns the finished audits of an MLflow experiment, the newest first, without the runs of their models."""
    api = f"{mlflow}/api/2.0/mlflow"
    found = client.get(f"{api}/experiments/get-by-name", params={"experiment_name": experiment})
    number = found.json()["experiment"]["experiment_id"]
    runs = client.post(f"{api}/runs/search", json={"experiment_ids": [number]}).json()["runs"]
    return [
        run for run in runs if run["info"]["status"] == "FINISHED" and "mlflow.parentRunId" not in tags(run)
    ]


def tags(run: dict[str, Any]) -> dict[str, str]:
    """Returns the tags of a run."""
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def report(client: httpx.Client, mlflow: str, run: dict[str, Any]) -> bytes:
    """Returns the report among a run's artifacts."""
    run_id = run["info"]["run_id"]
    files = client.get(f"{mlflow}/api/2.0/mlflow/artifacts/list", params={"run_id": run_id}).json()["files"]
    assert {"report.html", "audit.json"} <= {file["path"] for file in files}
    return client.get(f"{mlflow}/get-artifact", params={"run_uuid": run_id, "path": "report.html"}).content
