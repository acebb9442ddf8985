"""Runs that tell MLflow the same things at the same moment: MLflow looks first and writes then."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import mlflow
import pytest

from latent_audit.tasks.tracking.run_log import Tracker
from tests.mlflow_server import mlflow_server

# MLflow uses what its database library is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
RUNS = 6
Result = TypeVar("Result")


def at_once(calls: list[Callable[[], Result]]) -> list[Result]:
    """Returns what each of the calls gave, all of which began together."""
    ready = threading.Barrier(len(calls))

    def together(call: Callable[[], Result]) -> Result:
        ready.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(together, calls))


def test_runs_that_log_one_data_set_at_once(tmp_path: Path) -> None:
    """Without asking again, half of these calls failed."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    trackers = [Tracker(uri, "one", tmp_path / "artifacts") for _ in range(RUNS)]
    runs = [tracker.start("a run", parent=None, params={}, tags={}) for tracker in trackers]
    digests = [f"{index}" for index in range(5)]
    for digest in digests:
        at_once(
            [
                partial(tracker.data_set, run, "sprites", digest, "here", "{}")
                for tracker, run in zip(trackers, runs, strict=True)
            ]
        )
    client = mlflow.MlflowClient(uri)
    for run in runs:
        inputs = client.get_run(run).inputs.dataset_inputs
        assert sorted(one.dataset.digest for one in inputs) == digests
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        assert connection.execute("SELECT count(*) FROM datasets").fetchone() == (len(digests),)


@pytest.mark.endurance
def test_runs_that_make_one_experiment_of_a_server_at_once(tmp_path: Path) -> None:
    """No lock of ours keeps them apart there: they may be on two machines."""
    with mlflow_server(tmp_path / "mlflow.db", tmp_path, workers=2) as address:
        for name in ("nightly", "weekly", "monthly"):
            made = at_once([partial(Tracker, address, name, tmp_path)] * RUNS)
            (known,) = mlflow.MlflowClient(address).search_experiments(filter_string=f"name = '{name}'")
            assert [tracker.experiment_id for tracker in made] == [known.experiment_id] * RUNS
